using Tidings.Dialects;
using Tidings.Protocol;
using Tidings.Protocol.Commands;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>The protocol's numbers: errors of commands, ends of subscriptions, ends of connections.</summary>
internal static class CentrifugeCodes
{
    public const int Internal = 100;
    public const int Unauthorized = 101;
    public const int PermissionDenied = 103;
    public const int MethodNotFound = 104;
    public const int AlreadySubscribed = 105;
    public const int LimitExceeded = 106;
    public const int BadRequest = 107;
    public const int NotAvailable = 108;
    public const int TokenExpired = 109;
    public const int TooManyRequests = 111;
    public const int UnrecoverablePosition = 112;

    public const int UnsubscribedByServer = 2000;
    public const int InsufficientState = 2500;
    public const int SubscriptionExpired = 2501;

    /// <summary>What the protocol's clients show for an error.</summary>
    public static string Text(int code) => code switch
    {
        Internal => "internal server error",
        Unauthorized => "unauthorized",
        PermissionDenied => "permission denied",
        MethodNotFound => "method not found",
        AlreadySubscribed => "already subscribed",
        LimitExceeded => "limit exceeded",
        BadRequest => "bad request",
        NotAvailable => "not available",
        TokenExpired => "token expired",
        TooManyRequests => "too many requests",
        _ => "unrecoverable position",
    };

    /// <summary>Whether a client may try the same again.</summary>
    public static bool IsTemporary(int code) => code is Internal or TooManyRequests;

    /// <summary>The error that a refusal is.</summary>
    public static int Of(CommandType command, Outcome.Refused refused) =>
        refused.HasExpired ? TokenExpired
        : refused.Error == CentrifugeReader.NotAvailable ? NotAvailable
        : refused.Code switch
        {
            ErrorCode.NotAllowed when command == CommandType.Call => MethodNotFound,
            ErrorCode.Unauthorized when command is CommandType.Open or CommandType.Auth => Unauthorized,
            ErrorCode.NotAllowed or ErrorCode.Unauthorized => PermissionDenied,
            ErrorCode.Expired => TokenExpired,
            ErrorCode.Conflict => AlreadySubscribed,
            ErrorCode.TooMany => LimitExceeded,
            ErrorCode.BadRequest or ErrorCode.TooLarge => BadRequest,
            ErrorCode.NotDurable => NotAvailable,
            ErrorCode.RateLimited => TooManyRequests,
            _ => Internal,
        };

    /// <summary>The end of a connection in the protocol's numbers. A text that clients would read as JSON advises them, and is left out.</summary>
    public static DisconnectCode Of(DisconnectCode code) =>
        code == DisconnectCode.Silent ? new(3012, "no pong")
        : code == DisconnectCode.RateAbuse ? new(3013, "too many requests")
        : code == DisconnectCode.SlowConsumer ? new(3008, "slow")
        : code == DisconnectCode.Unauthorized ? new(3501, "bad request")
        : code.Code switch
        {
            1000 => new(3503, "force disconnect"),
            1001 or 1012 or 4100 => new(3001, "shutdown"),
            1003 => new(3501, "bad request"),
            1008 => new(3504, "connection limit"),
            1011 or 1013 => new(3004, "internal server error"),
            4000 => new(3502, "stale"),
            4001 => new(3500, "invalid token"),
            4002 => new(3005, "connection expired"),
            4003 => new(3507, "permission denied"),
            4009 or 4010 => new(3503, "force disconnect"),
            4110 => new(3011, "force reconnect"),
            _ => code.Reason.AsSpan().TrimStart().StartsWith('{') ? code with { Reason = "" } : code,
        };
}
