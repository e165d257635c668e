using Tidings.Protocol.Frames;
using Tidings.Quotas;

namespace Tidings.Connections;

/// <summary>What holds for every connection of a route; shared by them all and never changed.</summary>
internal sealed record ConnectionSettings
{
    /// <summary>Kinds and sizes of messages that the route takes.</summary>
    public required MessageRules Messages { get; init; }

    /// <summary>What is taken of a peer that has not said yet who it is; null for what one message with a token needs.</summary>
    public MessageRules? Opening { get; init; }

    /// <summary>Content messages of one connection.</summary>
    public RateLimit Rate { get; init; }

    /// <summary>Bytes of content messages of one connection; one message may always overdraw it.</summary>
    public RateLimit ByteRate { get; init; }

    /// <summary>Whether its content messages count against the rates of their address and user.</summary>
    public bool SharesRates { get; init; }

    /// <summary>Pings, of either kind, that a peer may send.</summary>
    public RateLimit ControlRate { get; init; }

    /// <summary>How often a sign of life is asked for; zero switches the heartbeat off.</summary>
    public TimeSpan Heartbeat { get; init; }

    /// <summary>Whether the heartbeat is also a text that scripts without protocol pings can see.</summary>
    public bool TextHeartbeat { get; init; }

    /// <summary>Bytes that may wait for a peer that reads slowly; at least one message may always wait.</summary>
    public int QueueBytes { get; init; } = 1024 * 1024;

    /// <summary>How long a message may stand half received without another byte of it.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the peer has to answer a close frame and to read what was queued before it.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(5);
}
