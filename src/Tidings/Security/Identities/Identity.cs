using System.Security.Claims;
using Tidings.Protocol;

namespace Tidings.Security.Identities;

/// <summary>Who is at the other end, what that user may do, and for how long. Immutable, and small: it stays as long as the connection.</summary>
/// <remarks>An engine keeps it whole, or as <see cref="ToJson"/>; what is in it is the server's own.</remarks>
public sealed class Identity
{
    /// <summary>The user's id (<see cref="UserId"/>).</summary>
    public required string User { get; init; }

    /// <summary>The id of the token that says so, by which it can be revoked; null where it has none.</summary>
    internal string? TokenId { get; init; }

    /// <summary>From when on it no longer holds, in Unix milliseconds; <see cref="long.MaxValue"/> where it never ends.</summary>
    internal long ExpiresAt { get; init; } = long.MaxValue;

    /// <summary>When it was first true, in Unix milliseconds: a revocation of the user reaches what is older. 0 where the token doesn't say.</summary>
    internal long IssuedAt { get; init; }

    /// <summary>Whether <see cref="IssuedAt"/> is by the broker's clock, and not by that of a token's issuer.</summary>
    internal bool IssuedHere { get; init; }

    /// <summary>When it was shown to this server, in Unix milliseconds by the broker's clock; 0 where <see cref="IssuedAt"/> says enough.</summary>
    internal long SeenAt { get; init; }

    /// <summary>What the token grants in channels; null where it doesn't speak of them, and the kinds of channels alone decide.</summary>
    internal ChannelGrants? Grants { get; init; }

    /// <summary>Whether the token lets its bearer send direct messages; null where it does not say, and the server's rule decides.</summary>
    internal bool? Send { get; init; }

    /// <summary>Claims of the token that rules of channels ask for; null where none was there.</summary>
    internal IReadOnlyDictionary<string, IReadOnlyList<string>>? Claims { get; init; }

    /// <summary>JSON about the user that presence shows, as the token says it; null where it says nothing.</summary>
    internal byte[]? Info { get; init; }

    /// <summary>The user in the words of the application's own authentication; null unless a handler asks for it, as it is large.</summary>
    internal ClaimsPrincipal? Principal { get; init; }

    /// <summary>Who is asked, when it no longer holds, whether it goes on; null where it then ends.</summary>
    internal IIdentityRenewal? Renewal { get; init; }

    /// <summary>The identity as bytes that any node reads: what a token said, never the token. What the application's own authentication knows besides is not in it.</summary>
    public byte[] ToJson() => IdentityText.Encode(this);

    /// <summary>Reads what <see cref="ToJson"/> has written.</summary>
    /// <param name="json">The bytes.</param>
    /// <returns>Null where a node has not written it, or where it is from a later version: what is not understood could be what limits the user.</returns>
    public static Identity? FromJson(ReadOnlyMemory<byte> json) => IdentityText.Decode(json);

    /// <summary>The same, for so long.</summary>
    internal Identity Until(long expiresAt, IIdentityRenewal? renewal) => new()
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
