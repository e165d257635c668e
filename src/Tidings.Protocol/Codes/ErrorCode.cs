namespace Tidings.Protocol;

/// <summary>Why a command was not carried out, as it stands in <c>code</c> on the wire.</summary>
public enum ErrorCode
{
    /// <summary>The command is malformed, or of no known type.</summary>
    BadRequest,

    /// <summary>Over a limit on size.</summary>
    TooLarge,

    /// <summary>Over a limit on how often.</summary>
    RateLimited,

    /// <summary>Not authenticated.</summary>
    Unauthorized,

    /// <summary>Not permitted, or absent: the two look the same.</summary>
    NotAllowed,

    /// <summary>Over a limit on number.</summary>
    TooMany,

    /// <summary>Contradicts what is there.</summary>
    Conflict,

    /// <summary>A durable publish was asked for where durability cannot be given.</summary>
    NotDurable,

    /// <summary>What is needed cannot be reached now.</summary>
    Unavailable,

    /// <summary>What was asked did not answer in time.</summary>
    Timeout,

    /// <summary>An error of the server's own.</summary>
    Internal,

    /// <summary>The token that granted it has ended.</summary>
    Expired,
}

internal static class ErrorCodes
{
    private static readonly string[] Wire =
        ["bad_request", "too_large", "rate_limited", "unauthorized", "not_allowed", "too_many", "conflict", "not_durable", "unavailable", "timeout", "internal", "expired"];

    /// <summary>The code's word on the wire.</summary>
    public static string ToWire(this ErrorCode code) => Wire[(int)code];
}
