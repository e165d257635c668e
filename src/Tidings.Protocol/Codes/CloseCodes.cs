namespace Tidings.Protocol;

/// <summary>What a client does after a close.</summary>
internal enum AfterClose : byte
{
    /// <summary>Comes back after an ordinary back-off.</summary>
    ComeBack,

    /// <summary>Comes back after a slow one.</summary>
    ComeBackSlowly,

    /// <summary>Asks for a new token and comes back, the first time in a row at once.</summary>
    RenewAndComeBack,

    /// <summary>The same, but only once in a row.</summary>
    AskTokenOnce,

    /// <summary>Stays away: it would end the same way.</summary>
    StayAway,
}

/// <summary>What a close code means to both sides.</summary>
/// <param name="Code">The code.</param>
/// <param name="Meaning">For people, in a few words.</param>
/// <param name="After">What a client does after it.</param>
/// <param name="Status">The HTTP status that stands in its place where there is no close frame.</param>
/// <param name="MayBeChosen">Whether callers of the server API and users of the dashboard may end a connection with it.</param>
internal sealed record CloseCode(int Code, string Meaning, AfterClose After, int Status, bool MayBeChosen);

/// <summary>The table of close codes. Clients, the dashboard and the documentation have it as <c>spec/vectors/close-codes.json</c>, which a test compares with it.</summary>
internal static class CloseCodes
{
    /// <summary>Those that <see cref="CloseCode.MayBeChosen"/>, in words.</summary>
    public const string Choice = "1000, 1001, 1008, 1011 to 1013, or 4000 to 4999";

    private const int FirstOfTidings = 4000;
    private const int Last = 4999;

    public static IReadOnlyList<CloseCode> All { get; } =
    [
        new(1000, "finished", AfterClose.StayAway, 403, MayBeChosen: true),
        new(1001, "the server is going away, or this side was silent", AfterClose.ComeBack, 503, MayBeChosen: true),
        new(1002, "a protocol error", AfterClose.StayAway, 403, MayBeChosen: false),
        new(1003, "data this route cannot take", AfterClose.StayAway, 403, MayBeChosen: false),
        new(1005, "closed without a code", AfterClose.ComeBack, 403, MayBeChosen: false),
        new(1006, "the connection broke", AfterClose.ComeBack, 403, MayBeChosen: false),
        new(1007, "text that is not UTF-8", AfterClose.StayAway, 403, MayBeChosen: false),
        new(1008, "a limit of this room, address or user", AfterClose.ComeBackSlowly, 429, MayBeChosen: true),
        new(1009, "a message too large", AfterClose.StayAway, 403, MayBeChosen: false),
        new(1011, "an error in the server", AfterClose.ComeBack, 500, MayBeChosen: true),
        new(1012, "the server restarts", AfterClose.ComeBack, 503, MayBeChosen: true),
        new(1013, "too busy, or this side read too slowly", AfterClose.ComeBack, 503, MayBeChosen: true),
        new(4000, "authentication took too long", AfterClose.ComeBack, 503, MayBeChosen: true),
        new(4001, "the server wants to know who you are", AfterClose.AskTokenOnce, 401, MayBeChosen: true),
        new(4002, "the token expired", AfterClose.RenewAndComeBack, 401, MayBeChosen: true),
        new(4003, "you are not allowed here", AfterClose.StayAway, 403, MayBeChosen: true),
        new(4009, "another connection took this place", AfterClose.StayAway, 403, MayBeChosen: true),
        new(4010, "the server disconnected you", AfterClose.StayAway, 403, MayBeChosen: true),
        new(4100, "the server is draining", AfterClose.ComeBack, 503, MayBeChosen: true),
        new(4110, "the server asked to reconnect", AfterClose.ComeBack, 503, MayBeChosen: true),
    ];

    /// <summary>What a code means; the application's own, 4200 to 4999, have clients come back.</summary>
    public static CloseCode Of(int code)
    {
        foreach (var known in All)
        {
            if (known.Code == code)
            {
                return known;
            }
        }

        return new CloseCode(code, "", AfterClose.ComeBack, 403, code is >= FirstOfTidings and <= Last);
    }

    /// <summary>The close code that an HTTP status stands for, where a request is answered in the place of a connection.</summary>
    /// <returns><see cref="DisconnectCode.Abnormal"/> where the status says nothing of the client.</returns>
    public static DisconnectCode OfStatus(int status) => status switch
    {
        204 => DisconnectCode.Goodbye,
        400 => DisconnectCode.InvalidMessage,
        401 => DisconnectCode.Unauthorized,
        403 => DisconnectCode.Forbidden,
        413 => DisconnectCode.MessageTooLarge,
        500 => DisconnectCode.HandlerFailed,
        429 or 502 or 503 or 504 => DisconnectCode.Unavailable,
        _ => DisconnectCode.Abnormal,
    };
}
