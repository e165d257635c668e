using System.Security.Cryptography;
using System.Text;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>What the dialect knows of its server.</summary>
/// <param name="node">The node's name among the others.</param>
/// <param name="version">What the server says of its version.</param>
/// <param name="now">Unix milliseconds by the broker's clock.</param>
internal sealed class CentrifugeSite(string node, string version, Func<long> now)
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    /// <summary>The node's name, opaque to clients.</summary>
    public string Node => node;

    public string Version => version;

    /// <summary>Whether clients need no token and may do everything.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>Unix milliseconds by the broker's clock.</summary>
    public long Now() => now();

    /// <summary>The secret name under which a client says something to a connection over which it can only hear. The connection's id alone does not tell it.</summary>
    public string SessionOf(string connection) =>
        connection + "." + Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(connection)).AsSpan(0, 20));

    /// <summary>The connection of a session; null where this node has not named it so.</summary>
    public string? ConnectionOf(string session)
    {
        var dot = session.IndexOf('.');
        return dot > 0 && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(SessionOf(session[..dot])), Encoding.UTF8.GetBytes(session)) ? session[..dot] : null;
    }
}
