namespace Tidings.Security.Tokens;

/// <summary>What a checked token says. It keeps neither the token nor its signature.</summary>
public sealed class TokenIdentity
{
    /// <summary><c>sub</c>, the user: 1 to 128 characters without control characters. Not yet checked against the rules for channel names.</summary>
    public required string Subject { get; init; }

    /// <summary><c>jti</c>, by which the token can be revoked; null where it has none.</summary>
    public string? TokenId { get; init; }

    /// <summary><c>name</c>, for display; null where it has none.</summary>
    public string? Name { get; init; }

    /// <summary><c>exp</c>: from this instant on the token no longer holds; null where it has none.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary><c>iat</c>; null where it has none. Revocation of a user compares it with when the user was revoked.</summary>
    public DateTimeOffset? IssuedAt { get; init; }

    /// <summary><c>channels</c>; null where the token does not speak of channels, which is not the same as granting none.</summary>
    public TokenPermissions? Permissions { get; init; }

    /// <summary><c>send</c>: whether its bearer may send direct messages; null where the token does not say, and the server's own rule decides.</summary>
    public bool? Send { get; init; }

    /// <summary><c>channel</c>: the one channel whose subscription the token grants. Such a token is never a connection's. Null for all others.</summary>
    public string? Channel { get; init; }

    /// <summary><c>info</c>, JSON about the user that presence shows, at most 4 KB; empty where there is none.</summary>
    public ReadOnlyMemory<byte> Info { get; init; }

    /// <summary>Claims that rules of channels ask for (<c>"claim:team={team}"</c>), each with its values; null where no rule asks, or none was there.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Claims { get; init; }

    /// <summary>Patterns that the issuer's tokens may name at most: <see cref="Permissions"/> and <see cref="Channel"/> open nothing beside them. Null: any.</summary>
    public IReadOnlyList<string>? Within { get; init; }

    /// <summary>The payload's JSON as it was signed, where <see cref="TokenValidatorOptions.KeepPayload"/> is set; otherwise empty.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }
}
