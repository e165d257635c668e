namespace Tidings.AspNetCore.Keys;

/// <summary>A feature of a request: who asks has shown the admin key before, or signed in, and it is known that this request comes from them.</summary>
/// <param name="Id">The session, which can be revoked as a token of this id.</param>
/// <param name="User">Who it is, as logs say it; null for a holder of the admin key.</param>
/// <param name="MayAct">Whether more than looking is allowed.</param>
internal sealed record AdminSession(string Id, string? User = null, bool MayAct = true);
