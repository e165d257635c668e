using Tidings.Security.Tokens;

namespace Tidings.EndToEnd.Tests.Security;

/// <summary>Makes tokens that a server with <see cref="Settings"/> accepts.</summary>
internal sealed class TokenMaker(TimeProvider time, string secret = TokenMaker.Secret)
{
    public const string Secret = "a secret of the tests, 32 bytes or more";

    public static readonly (string Key, string? Value) Settings = ("Tidings:Jwt:Secret", Secret);

    public static readonly (string Key, string? Value) Required = ("Tidings:RequireAuthentication", "true");

    private readonly TokenWriter _writer = new(TokenKey.FromSecret(TokenAlgorithm.HS256, secret));

    /// <summary>A token that does not say when it was made.</summary>
    public string MakeUndated(string user, double seconds) => _writer.Write(new TokenClaims { Subject = user, ExpiresAt = time.GetUtcNow().AddSeconds(seconds) });

    /// <summary>A token by a clock that is ahead.</summary>
    public string MakeAhead(string user, int ahead) => _writer.Write(new TokenClaims { Subject = user, IssuedAt = time.GetUtcNow().AddSeconds(ahead), ExpiresAt = time.GetUtcNow().AddHours(1) });

    public string Make(string user, double seconds = 3600, string? id = null, params (string Pattern, TokenActions Actions)[] channels) => _writer.Write(new TokenClaims
    {
        Subject = user,
        IssuedAt = time.GetUtcNow(),
        ExpiresAt = time.GetUtcNow().AddSeconds(seconds),
        TokenId = id,
        Permissions = channels.Length == 0 ? null : new TokenPermissions(channels.Select(static grant => new TokenPermission(grant.Pattern, grant.Actions))),
    });

    /// <summary>A token that grants one subscription.</summary>
    public string MakeSubscription(string user, string channel, double seconds = 3600, string? id = null) => _writer.Write(new TokenClaims
    {
        Subject = user,
        IssuedAt = time.GetUtcNow(),
        ExpiresAt = time.GetUtcNow().AddSeconds(seconds),
        TokenId = id,
        Channel = channel,
    });

    /// <summary>A token that says whether its bearer may send direct messages.</summary>
    public string MakeSender(string user, bool send) => _writer.Write(new TokenClaims
    {
        Subject = user,
        IssuedAt = time.GetUtcNow(),
        ExpiresAt = time.GetUtcNow().AddHours(1),
        Send = send,
    });
}
