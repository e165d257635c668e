namespace Tidings.AspNetCore.Keys;

/// <summary>A feature of a request: who asks has shown the admin key before, and it is known that this request comes from them.</summary>
/// <param name="Id">The session, which can be revoked as a token of this id.</param>
internal sealed record AdminSession(string Id);
