using System.Security.Claims;
using Tidings.Protocol;

namespace Tidings.Security.Identities;

/// <summary>Who is at the other end, what that user may do, and for how long. Immutable, and small: it stays as long as the connection.</summary>
internal sealed class Identity
{
    /// <summary>The user's id (<see cref="UserId"/>).</summary>
    public required string User { get; init; }

    /// <summary>The id of the token that says so, by which it can be revoked; null where it has none.</summary>
    public string? TokenId { get; init; }

    /// <summary>From when on it no longer holds, in Unix milliseconds; <see cref="long.MaxValue"/> where it never ends.</summary>
    public long ExpiresAt { get; init; } = long.MaxValue;

    /// <summary>When it was first true, in Unix milliseconds: a revocation of the user reaches what is older. 0 where the token doesn't say.</summary>
    public long IssuedAt { get; init; }

    /// <summary>Whether <see cref="IssuedAt"/> is by the broker's clock, and not by that of whoever made a token.</summary>
    public bool IssuedHere { get; init; }

    /// <summary>When it was shown to this server, in Unix milliseconds by the broker's clock; 0 where <see cref="IssuedAt"/> says enough.</summary>
    public long SeenAt { get; init; }

    /// <summary>What the token grants in channels; null where it doesn't speak of them, and the kinds of channels alone decide.</summary>
    public ChannelGrants? Grants { get; init; }

    /// <summary>Whether the token lets its bearer send direct messages; null where it does not say, and the server's rule decides.</summary>
    public bool? Send { get; init; }

    /// <summary>Claims of the token that rules of channels ask for; null where none was there.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Claims { get; init; }

    /// <summary>JSON about the user that presence shows, as the token says it; null where it says nothing.</summary>
    public byte[]? Info { get; init; }

    /// <summary>The user in the words of the application's own authentication; null unless a handler asks for it, as it is large.</summary>
    public ClaimsPrincipal? Principal { get; init; }

    /// <summary>Who is asked, when it no longer holds, whether it goes on; null where it then ends.</summary>
    public IIdentityRenewal? Renewal { get; init; }

    /// <summary>The same, for so long.</summary>
    public Identity Until(long expiresAt, IIdentityRenewal? renewal) => new()
    {
        User = User,
        TokenId = TokenId,
        ExpiresAt = expiresAt,
        IssuedAt = IssuedAt,
        IssuedHere = IssuedHere,
        SeenAt = SeenAt,
        Grants = Grants,
        Send = Send,
        Claims = Claims,
        Info = Info,
        Principal = Principal,
        Renewal = renewal,
    };
}

/// <summary>Says whether somebody goes on to be who they are. Safe from any thread.</summary>
internal interface IIdentityRenewal
{
    /// <returns>Who it is from now on; or null and why the connection ends.</returns>
    ValueTask<(Identity? Identity, DisconnectCode Why)> RenewAsync(Identity identity);
}
