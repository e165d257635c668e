namespace Tidings.Security.Tokens;

/// <summary>What a token that is to be made shall say. What is null is left out; times are cut to whole seconds.</summary>
public sealed class TokenClaims
{
    /// <summary><c>sub</c>, the user: 1 to 128 characters without control characters.</summary>
    public required string Subject { get; init; }

    /// <summary><c>exp</c>.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary><c>nbf</c>.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary><c>iat</c>.</summary>
    public DateTimeOffset? IssuedAt { get; init; }

    /// <summary><c>jti</c>.</summary>
    public string? TokenId { get; init; }

    /// <summary><c>name</c>.</summary>
    public string? Name { get; init; }

    /// <summary><c>iss</c>.</summary>
    public string? Issuer { get; init; }

    /// <summary><c>aud</c>.</summary>
    public string? Audience { get; init; }

    /// <summary><c>channels</c>.</summary>
    public TokenPermissions? Permissions { get; init; }

    /// <summary><c>channel</c>: the one channel whose subscription the token grants; it is then no connection's token.</summary>
    public string? Channel { get; init; }

    /// <summary><c>send</c>: whether its bearer may send direct messages, whatever <c>Tidings:Send</c> says.</summary>
    public bool? Send { get; init; }
}
