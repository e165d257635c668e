using System.Net;
using Tidings.Protocol;

namespace Tidings.Client.Connecting;

/// <summary>What a client does after a close.</summary>
internal enum ReconnectAction
{
    /// <summary>Comes back after an ordinary back-off.</summary>
    ComeBack,

    /// <summary>Comes back after a slow one.</summary>
    ComeBackSlowly,

    /// <summary>Asks for a new token and comes back, the first time in a row at once.</summary>
    RenewAndComeBack,

    /// <summary>The same, but only once in a row.</summary>
    AskTokenOnce,

    /// <summary>Stays away.</summary>
    StayAway,
}

/// <summary>The table of close codes (docs/protocol.md, the connection rules).</summary>
internal static class ReconnectRules
{
    public static ReconnectAction For(int code) => code switch
    {
        1000 or 1002 or 1003 or 1007 or 1009 or 4003 or 4009 or 4010 => ReconnectAction.StayAway,
        1008 => ReconnectAction.ComeBackSlowly,
        4001 => ReconnectAction.AskTokenOnce,
        4002 => ReconnectAction.RenewAndComeBack,
        _ => ReconnectAction.ComeBack,
    };

    /// <summary>Whether the code says that the server goes, with all its clients at once, and not this connection alone. A node that drains
    /// (4100) sends its clients away one by one.</summary>
    public static bool SaysServerGoes(DisconnectCode code) => code.Code is 1012 || code == DisconnectCode.ShuttingDown;

    /// <summary>The close code that an HTTP status stands for.</summary>
    public static DisconnectCode For(HttpStatusCode status) => (int)status switch
    {
        204 => DisconnectCode.Goodbye,
        400 => DisconnectCode.InvalidMessage,
        401 => new DisconnectCode(4001, "Unauthorized"),
        403 => DisconnectCode.Forbidden,
        413 => DisconnectCode.MessageTooLarge,
        500 => DisconnectCode.HandlerFailed,
        429 or 502 or 503 or 504 => DisconnectCode.Unavailable,
        _ => DisconnectCode.Abnormal,
    };
}
