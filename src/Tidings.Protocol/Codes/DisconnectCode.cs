namespace Tidings.Protocol;

/// <summary>Why a connection ends: the WebSocket close code and its reason (RFC 6455 §7.4).</summary>
/// <param name="Code">The close code: 1000–1014 as registered, 4000–4199 Tidings' own, 4200–4999 the application's.</param>
/// <param name="Reason">At most 123 bytes of UTF-8.</param>
public readonly record struct DisconnectCode(ushort Code, string Reason)
{
    /// <summary>The most bytes of a reason (RFC 6455 §5.5: a control frame carries at most 125).</summary>
    public const int LongestReason = 123;

    /// <summary>Finished: the peer said goodbye, a task or a handler ended. The client stays away.</summary>
    public static readonly DisconnectCode Goodbye = new(1000, "Goodbye");

    /// <summary>The server stops. The client comes back.</summary>
    public static readonly DisconnectCode ShuttingDown = new(1001, "Shutting down");

    /// <summary>Nothing was heard for two heartbeats, or a message stopped half-way. The client comes back.</summary>
    public static readonly DisconnectCode Silent = new(1001, "Silent");

    /// <summary>The peer broke RFC 6455.</summary>
    public static readonly DisconnectCode ProtocolError = new(1002, "Protocol error");

    /// <summary>A kind of message that the route cannot take, or too many bad ones in a row.</summary>
    public static readonly DisconnectCode InvalidMessage = new(1003, "Invalid message");

    /// <summary>Never on the wire: the peer's close frame bore no code (RFC 6455 §7.4.1).</summary>
    public static readonly DisconnectCode NoStatus = new(1005, "");

    /// <summary>Never on the wire: the transport ended without a close frame (RFC 6455 §7.4.1).</summary>
    public static readonly DisconnectCode Abnormal = new(1006, "");

    /// <summary>Text that is not UTF-8.</summary>
    public static readonly DisconnectCode InvalidPayload = new(1007, "Invalid UTF-8");

    /// <summary>A room, an address or a user has as many connections as it may.</summary>
    public static readonly DisconnectCode TooManyConnections = new(1008, "Too many connections");

    /// <summary>The client's name belongs to a user who is connected, or to a user with the better right to it.</summary>
    public static readonly DisconnectCode NameTaken = new(1008, "Name taken");

    /// <summary>Went on past a hundred refusals in a row.</summary>
    public static readonly DisconnectCode RateAbuse = new(1008, "Rate limit exceeded");

    /// <summary>Over the hard limit on the size of a message.</summary>
    public static readonly DisconnectCode MessageTooLarge = new(1009, "Message too large");

    /// <summary>An error in a handler. The client comes back.</summary>
    public static readonly DisconnectCode HandlerFailed = new(1011, "Internal error");

    /// <summary>The peer reads more slowly than its channels speak, past the bound of its queue. It comes back and recovers.</summary>
    public static readonly DisconnectCode SlowConsumer = new(1013, "Slow consumer");

    /// <summary>No first message said in time who comes. The client comes back.</summary>
    public static readonly DisconnectCode AuthTimeout = new(4000, "Auth timeout");

    /// <summary>Nobody anonymous is taken in here.</summary>
    public static readonly DisconnectCode Unauthorized = new(4001, "Unauthorized");

    /// <summary>The token that came with the handshake is not accepted.</summary>
    public static readonly DisconnectCode InvalidToken = new(4001, "Invalid token");

    /// <summary>The first message did not say who comes.</summary>
    public static readonly DisconnectCode AuthFailed = new(4001, "Auth failed");

    /// <summary>The token has ended and was not renewed. The client gets a new one and comes back.</summary>
    public static readonly DisconnectCode TokenExpired = new(4002, "Token expired");

    /// <summary>What the client asked for is not for this user.</summary>
    public static readonly DisconnectCode Forbidden = new(4003, "Forbidden");

    /// <summary>Another connection took its name.</summary>
    public static readonly DisconnectCode Replaced = new(4009, "Replaced");

    /// <summary>The application ended it.</summary>
    public static readonly DisconnectCode DisconnectedByServer = new(4010, "Disconnected by server");

    /// <summary>What is needed to take the connection in cannot be reached. The client comes back.</summary>
    public static readonly DisconnectCode Unavailable = new(1013, "Unavailable");

    /// <summary>This node goes, and sends its clients away a few at a time. The client comes back, to another one where there is one.</summary>
    public static readonly DisconnectCode Draining = new(4100, "Draining");

    /// <summary>The application has the client come back, to another node where there is one.</summary>
    public static readonly DisconnectCode Reconnect = new(4110, "Reconnect");

    /// <summary>Whether the code may stand in a close frame (RFC 6455 §7.4.1, §7.4.2).</summary>
    public static bool IsValidOnWire(int code) => code switch
    {
        >= 3000 and <= 4999 => true,
        >= 1000 and <= 1014 => code is not (1004 or 1005 or 1006),
        _ => false,
    };
}
