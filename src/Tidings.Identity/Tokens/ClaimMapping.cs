namespace Tidings.Security.Tokens;

/// <summary>What an issuer's tokens must name, and which of their claims mean what. Immutable.</summary>
internal sealed record ClaimMapping
{
    /// <summary>What <c>iss</c> must be; null: anything, or nothing.</summary>
    public string? Issuer { get; init; }

    /// <summary>What <see cref="Audience"/> must be or contain; null: it must not be there.</summary>
    public string? AudienceName { get; init; }

    public ClaimPath Audience { get; init; } = new("aud");

    public ClaimPath User { get; init; } = new("sub");

    /// <summary>What stands before the user's id, so that users of two issuers are never one.</summary>
    public string UserPrefix { get; init; } = "";

    /// <summary>Prefixes of other issuers' users: an id that would begin with one of them is refused.</summary>
    public IReadOnlyList<string> OtherPrefixes { get; init; } = [];

    public ClaimPath Channels { get; init; } = new("channels");

    /// <summary>Where roles stand; null where they grant nothing.</summary>
    public ClaimPath? Roles { get; init; }

    /// <summary>What each role grants.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<TokenPermission>> RoleChannels { get; init; } = new Dictionary<string, IReadOnlyList<TokenPermission>>();

    /// <summary>Patterns that tokens may name at most; null: any.</summary>
    public IReadOnlyList<string>? Within { get; init; }

    /// <summary>Claims that rules of channels ask for.</summary>
    public IReadOnlyList<ClaimPath> Kept { get; init; } = [];
}
