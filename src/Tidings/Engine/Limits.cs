using Tidings.Connections;
using Tidings.Options;
using Tidings.Protocol.Frames;
using Tidings.Quotas;

namespace Tidings.Engine;

/// <summary>The limits in force: a preset, and what was set in its place. 0 means no limit.</summary>
internal sealed record Limits
{
    private const int KB = 1024;
    private const int MB = 1024 * KB;

    // How many connections an address, or a user, may be as busy as. An office behind one address stays under it.
    private const int Busy = 20;

    // Enough for pages of all who are connected from an address, each with what a browser opens besides.
    private const int HttpPerConnection = 5;

    // An office that comes back after a restart comes at once.
    private const int HandshakeBurst = 10;

    private static readonly Limits Default = new()
    {
        MessageBytes = 64 * KB,
        HardMessageBytes = 1 * MB,
        Rate = new RateLimit(50, 100),
        RatePerIp = new(RateLimit.Of(Busy * 50)),
        RatePerUser = new(RateLimit.Of(Busy * 50)),
        HandshakeRatePerIp = new(new RateLimit(100, HandshakeBurst * 100)),
        Connections = 50_000,
        ConnectionsPerIp = 200,
        HttpConnectionsPerIp = HttpPerConnection * 200,
        Subscriptions = 1_000,
        UnauthenticatedConnections = 1_000,
    };

    private static readonly Limits Small = new()
    {
        MessageBytes = 10 * KB,
        HardMessageBytes = 64 * KB,
        Rate = new RateLimit(10, 10),
        RatePerIp = new(RateLimit.Of(Busy * 10)),
        RatePerUser = new(RateLimit.Of(Busy * 10)),
        HandshakeRatePerIp = new(new RateLimit(100, HandshakeBurst * 100)),
        Connections = 1_000,
        ConnectionsPerRoom = 100,
        ConnectionsPerIp = 20,
        HttpConnectionsPerIp = HttpPerConnection * 20,
        Subscriptions = 100,
        UnauthenticatedConnections = 100,
    };

    private static readonly Limits None = new() { HardMessageBytes = 16 * MB, ControlRate = RateLimit.None, SubscribeRate = RateLimit.None, HistoryBytes = 0, DurableBytes = 0 };

    public int MessageBytes { get; init; }
    public int HardMessageBytes { get; init; }
    public RateLimit Rate { get; init; }

    /// <summary>Pings of either kind: far above what any heartbeat needs.</summary>
    public RateLimit ControlRate { get; init; } = new(50, 100);

    /// <summary>Bytes of content messages of one connection.</summary>
    public RateLimit ByteRate { get; init; }
    public SharedLimit RatePerIp { get; init; }
    public SharedLimit RatePerUser { get; init; }
    public RateLimit RatePerChannel { get; init; }

    /// <summary>Requests to the server API with one key.</summary>
    public RateLimit ApiRate { get; init; }
    public RateLimit HandshakeRate { get; init; }
    public SharedLimit HandshakeRatePerIp { get; init; }
    public int Connections { get; init; }
    public int ConnectionsPerRoom { get; init; }
    public int ConnectionsPerIp { get; init; }
    public int HttpConnectionsPerIp { get; init; }
    public int ConnectionsPerUser { get; init; }
    public int UnauthenticatedConnections { get; init; }
    public int Subscriptions { get; init; }

    /// <summary>Subscribing and unsubscribing: a client with all its channels may come back at once.</summary>
    public RateLimit SubscribeRate { get; init; } = new(50, 1_000);
    public int QueueBytes { get; init; } = 1 * MB;

    /// <summary>Whether loopback has none of the rates of addresses and users.</summary>
    public bool ExemptsLoopback { get; init; }

    /// <summary>What all logs in memory may take.</summary>
    public long HistoryBytes { get; init; } = ProcessMemory.Bytes / 4;

    /// <summary>What durable messages of clients may take on disk; null is a quarter of it.</summary>
    public long? DurableBytes { get; init; }

    public static Limits From(LimitOptions options)
    {
        var preset = Preset(options.Preset);
        var perSecond = options.MessagesPerSecond ?? preset.Rate.PerSecond;
        var connections = options.ConnectionsPerIp ?? preset.ConnectionsPerIp;
        var handshakes = options.HandshakesPerSecondPerIp ?? preset.HandshakeRatePerIp.PerSecond;
        return preset with
        {
            MessageBytes = (int)(options.MessageBytes ?? preset.MessageBytes),
            HardMessageBytes = (int)(options.HardMessageBytes ?? preset.HardMessageBytes),
            Rate = new RateLimit(
                perSecond,
                Math.Max(1, options.MessageBurst ?? Math.Max(preset.Rate.Burst, options.MessagesPerSecond ?? 0))),
            ByteRate = RateLimit.Of((int)(options.BytesPerSecond ?? preset.ByteRate.PerSecond)),
            RatePerIp = new(RateLimit.Of(options.MessagesPerSecondPerIp ?? Times(Busy, perSecond)), options.MessagesPerSecondPerIp is not null),
            RatePerUser = new(RateLimit.Of(options.MessagesPerSecondPerUser ?? Times(Busy, perSecond)), options.MessagesPerSecondPerUser is not null),
            RatePerChannel = RateLimit.Of(options.MessagesPerSecondPerChannel ?? preset.RatePerChannel.PerSecond),
            ApiRate = RateLimit.Of(options.ApiRequestsPerSecond ?? preset.ApiRate.PerSecond),
            HandshakeRate = RateLimit.Of(options.HandshakesPerSecond ?? preset.HandshakeRate.PerSecond),
            HandshakeRatePerIp = new(new RateLimit(handshakes, Times(HandshakeBurst, handshakes)), options.HandshakesPerSecondPerIp is not null),
            ExemptsLoopback = options.ExemptsLoopback,
            Connections = options.Connections ?? preset.Connections,
            ConnectionsPerRoom = options.ConnectionsPerRoom ?? preset.ConnectionsPerRoom,
            ConnectionsPerIp = connections,
            HttpConnectionsPerIp = options.HttpConnectionsPerIp ?? Times(HttpPerConnection, connections),
            ConnectionsPerUser = options.ConnectionsPerUser ?? preset.ConnectionsPerUser,
            UnauthenticatedConnections = options.UnauthenticatedConnections ?? preset.UnauthenticatedConnections,
            Subscriptions = options.Subscriptions ?? preset.Subscriptions,
            QueueBytes = (int)(options.QueueBytes ?? preset.QueueBytes),
            HistoryBytes = options.HistoryBytes ?? preset.HistoryBytes,
            DurableBytes = options.DurableBytes ?? preset.DurableBytes,
        };
    }

    public static Limits Preset(LimitPreset preset) => preset switch
    {
        LimitPreset.Small => Small,
        LimitPreset.None => None,
        _ => Default,
    };

    /// <summary>What the node counts over all its connections.</summary>
    public ConnectionLimits ForNode() => new(Connections, ConnectionsPerIp, UnauthenticatedConnections)
    {
        ConnectionsPerUser = ConnectionsPerUser,
        HttpConnectionsPerIp = HttpConnectionsPerIp,
        Rates = new RateLimits
        {
            MessagesPerIp = RatePerIp,
            MessagesPerUser = RatePerUser,
            MessagesPerChannel = RatePerChannel,
            QuestionsPerSender = new(new RateLimit(Busy * SubscribeRate.PerSecond, Busy * SubscribeRate.Burst)),
            PostedMessages = Rate,
            PostedQuestions = SubscribeRate,
            HandshakesPerIp = HandshakeRatePerIp,
            ExemptsLoopback = ExemptsLoopback,
        },
    };

    /// <summary>What a route takes whose messages are text, and binary too where it says so.</summary>
    public MessageRules Messages(bool binary)
    {
        var hard = HardMessageBytes == 0 ? MessageRules.LargestMessage : HardMessageBytes;
        return new MessageRules(MessageBytes == 0 ? hard : Math.Min(MessageBytes, hard), hard, Text: true, binary);
    }

    private static int Times(int factor, int number) => (int)Math.Min((long)factor * number, int.MaxValue);
}
