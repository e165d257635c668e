namespace Tidings.AspNetCore.Centrifuge;

/// <summary>What the dialect knows of its server.</summary>
/// <param name="Node">The node's name among the others, opaque to clients.</param>
/// <param name="Version">What the server says of its version.</param>
/// <param name="Now">Unix milliseconds by the broker's clock.</param>
/// <param name="IsInsecure">Whether clients need no token and may do everything.</param>
internal sealed record CentrifugeSite(string Node, string Version, Func<long> Now, bool IsInsecure);
