namespace Tidings.Security.Tokens;

/// <summary>Why a token was refused. For logs and metrics: a peer is told that its token is invalid and nothing more.</summary>
public enum TokenFailure
{
    /// <summary>It was not refused.</summary>
    None,

    /// <summary>Over 8,192 characters.</summary>
    TooLong,

    /// <summary>Not three parts of strict base64url (RFC 7515 §7.1). Five parts, an encrypted token, are refused here too.</summary>
    Malformed,

    /// <summary>The header is no JSON object, has a member twice, or asks for what is not done here (<c>crit</c>, <c>b64</c>, keys that the token brings along).</summary>
    Header,

    /// <summary>No configured key has the header's <c>alg</c>; <c>none</c> is one of those.</summary>
    Algorithm,

    /// <summary>No key of that algorithm has the header's <c>kid</c>, or there is none and the keys are too many to try.</summary>
    UnknownKey,

    /// <summary>The signature is not one of the chosen keys'.</summary>
    Signature,

    /// <summary>The payload is no JSON object, has a claim twice, or a claim is of the wrong form.</summary>
    Claims,

    /// <summary><c>sub</c> is absent, empty, too long or holds control characters.</summary>
    Subject,

    /// <summary><c>exp</c> has come, or is absent where it is required.</summary>
    Expired,

    /// <summary><c>nbf</c> or <c>iat</c> is further ahead than the clock skew that is allowed.</summary>
    NotYetValid,

    /// <summary><c>exp</c> lies further after <c>iat</c> than a token may hold, or is absent where that is limited.</summary>
    Lifetime,

    /// <summary><c>iss</c> is not the configured issuer.</summary>
    Issuer,

    /// <summary><c>aud</c> does not name the configured audience, or names some where none is configured.</summary>
    Audience,

    /// <summary><c>channels</c> holds an unknown action, a pattern that cannot be one, or too many.</summary>
    Permissions,

    /// <summary>It grants one subscription (claim <c>channel</c>) where a connection's token is wanted, or the other way round.</summary>
    Purpose,

    /// <summary>The issuer's keys could not be had yet.</summary>
    NoKeys,
}
