using Tidings.Connections;
using Tidings.Protocol.Frames;

namespace Tidings.Options;

/// <summary>The limits in force: a preset, and what was set in its place. 0 means no limit.</summary>
internal sealed record Limits
{
    private const int KB = 1024;
    private const int MB = 1024 * KB;

    private static readonly Limits Default = new()
    {
        MessageBytes = 64 * KB,
        HardMessageBytes = 1 * MB,
        Rate = new RateLimit(50, 100),
        Connections = 50_000,
        ConnectionsPerIp = 200,
        Subscriptions = 1_000,
        UnauthenticatedConnections = 1_000,
    };

    private static readonly Limits Small = new()
    {
        MessageBytes = 10 * KB,
        HardMessageBytes = 64 * KB,
        Rate = new RateLimit(10, 10),
        Connections = 1_000,
        ConnectionsPerRoom = 100,
        ConnectionsPerIp = 20,
        Subscriptions = 100,
        UnauthenticatedConnections = 100,
    };

    private static readonly Limits None = new() { HardMessageBytes = 16 * MB, ControlRate = RateLimit.None, SubscribeRate = RateLimit.None };

    public int MessageBytes { get; init; }
    public int HardMessageBytes { get; init; }
    public RateLimit Rate { get; init; }

    /// <summary>Pings of either kind: far above what any heartbeat needs.</summary>
    public RateLimit ControlRate { get; init; } = new(50, 100);

    /// <summary>Bytes of content messages of one connection.</summary>
    public RateLimit ByteRate { get; init; }
    public RateLimit RatePerIp { get; init; }
    public RateLimit RatePerUser { get; init; }
    public RateLimit RatePerChannel { get; init; }

    /// <summary>Requests to the server API with one key.</summary>
    public RateLimit ApiRate { get; init; }
    public RateLimit HandshakeRate { get; init; }
    public int Connections { get; init; }
    public int ConnectionsPerRoom { get; init; }
    public int ConnectionsPerIp { get; init; }
    public int ConnectionsPerUser { get; init; }
    public int UnauthenticatedConnections { get; init; }
    public int Subscriptions { get; init; }

    /// <summary>Subscribing and unsubscribing: a client with all its channels may come back at once.</summary>
    public RateLimit SubscribeRate { get; init; } = new(50, 1_000);
    public int QueueBytes { get; init; } = 1 * MB;

    public static Limits From(LimitOptions options)
    {
        var preset = Preset(options.Preset);
        return preset with
        {
            MessageBytes = (int)(options.MessageBytes ?? preset.MessageBytes),
            HardMessageBytes = (int)(options.HardMessageBytes ?? preset.HardMessageBytes),
            Rate = new RateLimit(
                options.MessagesPerSecond ?? preset.Rate.PerSecond,
                Math.Max(1, options.MessageBurst ?? Math.Max(preset.Rate.Burst, options.MessagesPerSecond ?? 0))),
            ByteRate = RateLimit.Of((int)(options.BytesPerSecond ?? preset.ByteRate.PerSecond)),
            RatePerIp = RateLimit.Of(options.MessagesPerSecondPerIp ?? preset.RatePerIp.PerSecond),
            RatePerUser = RateLimit.Of(options.MessagesPerSecondPerUser ?? preset.RatePerUser.PerSecond),
            RatePerChannel = RateLimit.Of(options.MessagesPerSecondPerChannel ?? preset.RatePerChannel.PerSecond),
            ApiRate = RateLimit.Of(options.ApiRequestsPerSecond ?? preset.ApiRate.PerSecond),
            HandshakeRate = RateLimit.Of(options.HandshakesPerSecond ?? preset.HandshakeRate.PerSecond),
            Connections = options.Connections ?? preset.Connections,
            ConnectionsPerRoom = options.ConnectionsPerRoom ?? preset.ConnectionsPerRoom,
            ConnectionsPerIp = options.ConnectionsPerIp ?? preset.ConnectionsPerIp,
            ConnectionsPerUser = options.ConnectionsPerUser ?? preset.ConnectionsPerUser,
            UnauthenticatedConnections = options.UnauthenticatedConnections ?? preset.UnauthenticatedConnections,
            Subscriptions = options.Subscriptions ?? preset.Subscriptions,
            QueueBytes = (int)(options.QueueBytes ?? preset.QueueBytes),
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
        MessagesPerIp = RatePerIp,
        MessagesPerUser = RatePerUser,
        MessagesPerChannel = RatePerChannel,
    };

    /// <summary>What a route takes whose messages are text, and binary too where it says so.</summary>
    public MessageRules Messages(bool binary)
    {
        var hard = HardMessageBytes == 0 ? MessageRules.LargestMessage : HardMessageBytes;
        return new MessageRules(MessageBytes == 0 ? hard : Math.Min(MessageBytes, hard), hard, Text: true, binary);
    }
}
