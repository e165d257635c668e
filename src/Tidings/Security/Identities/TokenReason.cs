using Tidings.Security.Tokens;

namespace Tidings.Security.Identities;

/// <summary>What came of checking a token: who bears it, or why it is not accepted.</summary>
/// <param name="Identity">Who; null where it is not accepted.</param>
/// <param name="Why">Why not, in words for those who run the server; null where it is accepted.</param>
/// <param name="Later">Whether it is not accepted now, and its bearer may come back, best with a newer one.</param>
internal readonly record struct TokenJudgement(Identity? Identity, string? Why, bool Later = false)
{
    /// <summary>Whether it has expired, and nothing else is known against it.</summary>
    public bool HasExpired => Why is TokenReason.Expired or TokenReason.ExpiredOrEndless;

    public static implicit operator TokenJudgement(string why) => new(null, why);

    public static implicit operator TokenJudgement(Identity identity) => new(identity, null);
}

/// <summary>Why a token is not accepted, in words for those who run the server. Nothing of the token stands in them.</summary>
internal static class TokenReason
{
    public const string NotAccepted = "no tokens are accepted here; Tidings:Jwt says whose are";
    public const string Purpose = "it grants one subscription (claim \"channel\"), and is no token of a connection";
    public const string NoChannel = "it has no claim \"channel\", and is no token of a subscription";
    public const string OtherChannel = "it grants another channel's subscription";
    public const string OutsideIssuer = "its issuer's tokens may not name that channel (Channels of the issuer)";
    public const string Missing = "there was no token";
    public const string Length = "the token is empty, longer than 8,192 characters, or was given twice";
    public const string Application = "the application's token authenticator does not accept it";
    public const string Subject = "its subject (sub) is absent, or cannot be the name of a user";
    public const string Expired = "it has expired (exp)";
    public const string ExpiredOrEndless = Expired + ", or does not say when it does";
    public const string Revoked = "it was revoked, or its user was after it was issued";
    public const string Undated = "its user's tokens were revoked, and without iat it cannot be told that it was made since: have the back end put iat into tokens";
    public const string Unclear = "it was issued (iat) so close to its user's revocation that clocks may not tell which came first; a newer one is let in";
    public const string Grants = "its claim \"channels\" cannot be read";
    public const string OtherUser = "it is another user's than the connection's";
    public const string Ticket = "the ticket is unknown, was used before, or is over";
    public const string TicketRevoked = "the token behind the ticket has expired, or was revoked";

    public static string Of(TokenFailure failure) => failure switch
    {
        TokenFailure.TooLong => Length,
        TokenFailure.Malformed => "it is no signed JSON Web Token of three parts",
        TokenFailure.Header => "its header is malformed, or asks for what is not done here",
        TokenFailure.Algorithm => "no key of Tidings:Jwt has its algorithm (alg)",
        TokenFailure.UnknownKey => "no key of Tidings:Jwt has its key id (kid), and where its issuer publishes keys, none yet",
        TokenFailure.Signature => "its signature is by another key than those of Tidings:Jwt",
        TokenFailure.Claims => "its payload is no JSON object, or a claim in it has a wrong form",
        TokenFailure.Subject => Subject,
        TokenFailure.Expired => ExpiredOrEndless,
        TokenFailure.NotYetValid => "it is not valid yet (nbf or iat lies ahead of this server's clock)",
        TokenFailure.Issuer => "its issuer (iss) is none of those in Tidings:Jwt",
        TokenFailure.Audience => "its audience (aud, or AudienceClaim) is not that of Tidings:Jwt:Audience; a token with an audience needs that option",
        TokenFailure.Permissions => Grants,
        TokenFailure.Lifetime => "it holds longer than Tidings:Jwt:MaxLifetime, or has no end",
        TokenFailure.NoKeys => "the keys of its issuer could not be fetched yet",
        _ => $"it is not accepted ({failure})",
    };
}
