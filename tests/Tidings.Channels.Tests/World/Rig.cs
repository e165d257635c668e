using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Engine;
using Tidings.Lanes;
using Tidings.Messages;
using Tidings.Presence;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;
using Tidings.Quotas;
using Tidings.Rooms;
using Tidings.Rules;
using Tidings.Security.Identities;
using Tidings.Sessions;
using Tidings.Testing;

namespace Tidings.Channels.Tests.World;

/// <summary>How a rig differs from a usual server.</summary>
internal sealed record RigOptions
{
    public int QueueBytes { get; init; } = 16 * 1024;
    public RateLimit Rate { get; init; }
    public RateLimit SubscribeRate { get; init; }
    public int Subscriptions { get; init; }

    /// <summary>Places for the subscriptions of all clients.</summary>
    public long Places { get; init; } = long.MaxValue;

    /// <summary>Places for what waits of histories, at 1 KB.</summary>
    public long Backlogs { get; init; } = long.MaxValue;

    /// <summary>Puts something between the broker and the hub.</summary>
    public Func<IMessageSink, IMessageSink> Sink { get; init; } = static hub => hub;

    /// <summary>Puts something before the broker.</summary>
    public Func<IBroker, IBroker> Broker { get; init; } = static broker => broker;

    public IReadOnlyList<ChannelKind> Kinds { get; init; } = [];
    public ChannelAccess Send { get; init; } = ChannelAccess.Server;
}

/// <summary>A node without sockets, on manual time.</summary>
internal sealed class Rig : IDisposable, IMeterFactory
{
    private readonly List<Meter> _meters = [];
    private readonly LaneSet _lanes;
    private readonly RigBackplane _backplane;
    private readonly RoomHandler _rooms;
    private readonly Node _node;

    /// <param name="options">How it differs.</param>
    /// <param name="witness">What stands before the broker and before what <paramref name="options"/> puts there.</param>
    public Rig(RigOptions options, Func<IBroker, IBroker>? witness = null)
    {
        Log = new FailureLog();
        _lanes = new LaneSet(Time, NullLogger<LaneSet>.Instance);
        _backplane = new RigBackplane(options, witness);
        Places = new SenderShares(options.Places);
        _node = new NodeBuilder(new TidingsOptions { Limits = { Preset = LimitPreset.None }, Compression = { ThresholdBytes = 64 }, Send = options.Send }, this, Log)
        {
            Time = Time,
            Lanes = _lanes,
            Json = System.Text.Json.JsonSerializerOptions.Web,
            Pressure = new CalmMachine(),
            Backplane = _backplane,
            Subscriptions = Places,
            Backlogs = new SenderShares(options.Backlogs),
        }.Build();
        _node.Subscribing.Limits = new ChannelLimits(options.Subscriptions, options.SubscribeRate);
        foreach (var kind in options.Kinds)
        {
            Kinds.Set(kind);
        }

        _rooms = new RoomHandler(Hub, _node.Broker, Kinds, _node.RoomDialect, firstMessage: null);
        Settings = new ConnectionSettings
        {
            Messages = new MessageRules(64 * 1024, 1024 * 1024, Text: true, Binary: false),
            Rate = options.Rate,
            QueueBytes = options.QueueBytes,
        };
    }

    public ManualTime Time { get; } = new();
    public FailureLog Log { get; }
    public Hub Hub => _node.Hub;
    public IBroker Broker => _node.Engine.Broker;
    public int Logs => _backplane.Logs;
    public SenderShares Places { get; }
    public MemoryPresence Presence => _backplane.MemoryPresence;
    public ChannelKinds Kinds => _node.Kinds;
    public ConnectionDirectory Directory => _node.Directory;
    public ConnectionRegistry Registry => _node.Registry;
    public CommandActions Actions => _node.Actions;
    public ChannelHandler Channels => _node.Channels;
    public ConnectionSettings Settings { get; }
    public IReadOnlyList<PoolLane> PoolLanes => [.. _lanes.All.OfType<PoolLane>()];

    /// <summary>A connection of the channel protocol. Attached when its lane next runs.</summary>
    public Connection Connect(Lane lane, Wire wire, bool deflate = false, string? user = null)
    {
        Registry.Enter(default);
        var connection = new Connection(lane, Settings, Channels, Registry, deflate ? DeflateTerms.FullWindow : null);
        connection.Authentication = user is null ? null : new ConnectionAuthentication(connection, new Identity { User = user });
        Channels.Begin(connection);
        if (user is not null)
        {
            Directory.SetUser(user, connection);
        }

        connection.Attach(wire);
        return connection;
    }

    /// <summary>A connection of a plain text room.</summary>
    public Connection ConnectRoom(Lane lane, MemoryWire wire, string room)
    {
        Registry.Enter(default);
        var connection = new Connection(lane, Settings, _rooms, Registry);
        _rooms.TryJoin(connection, room, 0);
        connection.Attach(wire);
        return connection;
    }

    Meter IMeterFactory.Create(MeterOptions options)
    {
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        _backplane.Dispose();
        _lanes.Dispose();
        _meters.ForEach(static meter => meter.Dispose());
    }
}

/// <summary>Keeps what went wrong inside: nothing may.</summary>
internal sealed class FailureLog : ILogger
{
    private readonly Lock _gate = new();
    private readonly List<string> _failures = [];

    public IReadOnlyList<string> Failures
    {
        get
        {
            lock (_gate)
            {
                return [.. _failures];
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel < LogLevel.Warning)
        {
            return;
        }

        lock (_gate)
        {
            _failures.Add($"{formatter(state, exception)} {exception}");
        }
    }
}
