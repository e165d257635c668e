using System.Text.Json;
using Tidings.Actions;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Clients;
using Tidings.Connections;
using Tidings.Dialects;
using Tidings.Events;
using Tidings.Lanes;
using Tidings.Nodes;
using Tidings.Presence;
using Tidings.Pressure;
using Tidings.Protocol.Compression;
using Tidings.Reports;
using Tidings.Rules;
using Tidings.Security;
using Tidings.Security.Identities;
using Tidings.Sessions;
using Tidings.Streams;
using Tidings.Tasks;

namespace Tidings.Engine;

/// <summary>The engine of one process: everything between a connection's wire and what the nodes of an application share. Safe from any thread.</summary>
internal sealed partial class Node : IAsyncDisposable
{
    private static readonly string Version = typeof(Node).Assembly.GetName().Version!.ToString(3);

    private readonly HistoryBudget _histories;
    private readonly JwtAuthenticator? _jwt;
    private readonly Lazy<TaskEngine> _tasks;
    private readonly Lazy<StreamEngine> _streams;
    private readonly Func<ChannelOptions, ChannelKind> _kindOf;
    private volatile Limits _limits;

    public Node(NodeBuilder parts)
    {
        var (options, meters, log) = (parts.Options, parts.Meters, parts.Log);
        (Options, Json, Time, Lanes, _kindOf) = (options, parts.Json, parts.Time, parts.Lanes, parts.KindOf);
        _limits = Limits.From(options.Limits);
        var site = parts.Site ?? new EngineSite(options, Time, Lanes, meters, log);
        (Id, Kinds, _histories, Events, Hub) = (site.Node, site.Kinds, site.Histories, site.Events, site.Hub);

        // Who is connected.
        Shedder = new LoadShedder(parts.Pressure, options.Overload, Time, meters, log);
        Registry = new ConnectionRegistry(Lanes, _limits.ForNode(), Time, meters, log, parts.TellsReasons) { Node = Id, Events = Events.Recorder, Shedder = Shedder, Bodies = parts.Bodies, Backlogs = parts.Backlogs };
        Followers = new ConnectionFollowers(Registry, Directory);
        DrainSpan = parts.DrainSpan;
        Drain = new Drain(Registry, Lanes, Time, DrainSpan);
        Clients = new ClientRegistry(options.Clients.Duplicates, options.Language, Time);

        // Who somebody is.
        _jwt = parts.Tokens is null && IssuersOf(options) is { Count: > 0 } issuers ? new JwtAuthenticator(issuers, options.Jwt.Validation(), Time, log) : null;
        LimitTokens(options.Jwt);
        Authenticator = (parts.Tokens ?? _jwt) is { } tokens ? new Authenticator(tokens, Registry.Revocations, Time) : null;
        FirstMessage = Authenticator is null ? null : new FirstMessage(Authenticator);

        // What is said, and what the nodes share of it.
        Engine = EngineParts.Of(parts.Backplane.Create(site.ForBackplane()), options, Time, parts.Services);
        Presence = new RecordedPresence(Engine.Presence, Events.Recorder);
        Registry.Revocations.Clock = Engine.Clock;
        Broker = new ObservedBroker(Engine.Broker, meters, Time);
        EngineMetrics.Create(meters, Lanes, Hub, _histories, () => Engine.IsAvailable, () => Registry.IsDraining);

        // How it is said, and by what rules.
        Deflater = new MessageDeflater(new DeflateSettings(options.Compression.Level, (int)options.Compression.ThresholdBytes));
        RoomDialect = new RoomDialect(Deflater);
        foreach (var kind in options.Channels)
        {
            Kinds.Set(_kindOf(kind));
        }

        Kinds.UnmatchedAreOpen = UnmatchedAreOpen(options);
        Subscribing = new Subscribing(Hub, Broker, Presence, Kinds, new ChannelLimits(_limits.Subscriptions, _limits.SubscribeRate)) { Shedder = Shedder, Shares = parts.Subscriptions, Authenticator = Authenticator };

        // What is asked of this node and of the others.
        EventReports = new EventReports(Hub, Engine.Broker, Events, Time);
        Events.OnTold = EventReports.Tell;
        Reports = new NodeReports(Hub, Engine.Broker, Engine.Nodes, new NodeFigures(Id, meters, Registry, Directory, Hub, Lanes, () => Engine.IsAvailable, () => Engine.Directory, Version), Time);
        Disconnecting = new Disconnecting(Registry, Directory, Engine.Nodes, Engine.Revocations);
        Disconnecting.OnTokenRevoked = () => Subscribing.ReviewGrantsAsync(Registry);
        var work = new NodeWork(Directory, Subscribing, Clients, Disconnecting, new NodeInventory(Hub, Registry, Directory, Followers), Reports);
        (Registry.SharedCounts, Clients.Names) = (Engine.Counts, Engine.Names);
        Engine.Backplane.Serve(work, Registry, Clients);
        site.Serve(work, Registry, Clients);
        var everywhere = new Everywhere(Engine.Nodes, work);

        Directory.OnUser = Engine.LastSeen.Note;
        Inventory = new Inventory(Id, everywhere, Broker, Presence, Kinds, Engine.LastSeen);
        Subscribing.Occupancy = new OccupancyTeller(Hub, everywhere, Engine.Nodes.IsAlone, Id, Time);

        // What clients, back ends and the application do.
        ClientActions = new ClientActions(Clients, Engine.Nodes, everywhere);
        DirectMessages = new DirectMessages(Kinds, everywhere) { Rule = new SendRule(options.Send) };
        Actions = new CommandActions(Broker, Presence, Kinds, Subscribing, Directory, DirectMessages, everywhere) { Calls = parts.Calls, FirstMessage = FirstMessage, Shedder = Shedder };
        ServerActions = new ServerActions(Broker, Presence, Kinds, everywhere, Events);
        var dialect = new ConnectDialect(Deflater);
        Channels = Speak(dialect);
        BinaryChannels = Speak(new BinaryConnectDialect(dialect, Deflater));
        Facade = new TidingsFacade(ClientActions, Registry, ServerActions, Disconnecting, Hub, Broker, Inventory, parts.Json);
        _streams = new Lazy<StreamEngine>(() => MakeStreams(options.Streams, log));
        _tasks = new Lazy<TaskEngine>(() => new TaskEngine(
            options.Tasks, Engine.Tasks, Broker, Hub, Kinds, Streams, FirstMessage, parts.Json, Id, Time, meters, log));
    }

    /// <summary>This node's name among the others: random, for as long as the process lives.</summary>
    public string Id { get; }

    public TidingsOptions Options { get; }

    /// <summary>How the application writes JSON.</summary>
    public JsonSerializerOptions Json { get; }

    public TimeProvider Time { get; }
    public LaneSet Lanes { get; }

    /// <summary>The limits in force.</summary>
    public Limits Limits => _limits;

    public ConnectionRegistry Registry { get; }
    public ConnectionDirectory Directory { get; } = new();

    /// <summary>Who follows connections of this node.</summary>
    public ConnectionFollowers Followers { get; }
    public Hub Hub { get; }

    /// <summary>Refuses what is new or can wait while the process is hard-pressed.</summary>
    public LoadShedder Shedder { get; }

    /// <summary>Over how long connections are closed where the node goes.</summary>
    public TimeSpan DrainSpan { get; }
    public Drain Drain { get; }

    /// <summary>Finds out who bears a token; null where none are accepted.</summary>
    public Authenticator? Authenticator { get; }

    /// <summary>Takes auth messages; null where no tokens are accepted.</summary>
    public FirstMessage? FirstMessage { get; }

    /// <summary>What the nodes of the application share.</summary>
    public EngineParts Engine { get; }
    public IBroker Broker { get; }
    public IPresenceStore Presence { get; }
    public ITicketStore Tickets => Engine.Tickets;

    public MessageDeflater Deflater { get; }
    public RoomDialect RoomDialect { get; }
    public ChannelKinds Kinds { get; }

    /// <summary>Subscriptions of the channel protocol, asked for by clients and by the server.</summary>
    public Subscribing Subscribing { get; }

    /// <summary>The channel protocol.</summary>
    public ChannelHandler Channels { get; }

    /// <summary>The same for connections that take binary payloads as they are.</summary>
    public ChannelHandler BinaryChannels { get; }
    public CommandActions Actions { get; }
    public ServerInfo Server { get; } = new("tidings", Version);

    /// <summary>What clients send to one another, and who may.</summary>
    public DirectMessages DirectMessages { get; }
    public ServerActions ServerActions { get; }
    public Disconnecting Disconnecting { get; }
    public ClientRegistry Clients { get; }
    public ClientActions ClientActions { get; }

    /// <summary>What back ends and handlers of the application are told.</summary>
    public EventEngine Events { get; }

    /// <summary>What all nodes hold.</summary>
    public Inventory Inventory { get; }

    /// <summary>What is told by whatever node.</summary>
    public EventReports EventReports { get; }

    /// <summary>What the nodes say of themselves.</summary>
    public NodeReports Reports { get; }

    /// <summary>Tasks, from the first who asks for them on.</summary>
    public TaskEngine Tasks => _tasks.Value;

    /// <summary>Streams of bytes, from the first who asks for them on.</summary>
    public StreamEngine Streams => _streams.Value;

    /// <summary>What applications see.</summary>
    public ITidings Facade { get; }

    /// <summary>Serves sessions in the words of a dialect: one handler serves all connections of its routes.</summary>
    public ChannelHandler Speak(SessionDialect dialect) => new(dialect, Actions, Subscribing, Directory, Server, FirstMessage);

    /// <summary>Begins to connect to what is shared; completes when the first attempt has ended, well or not.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // What this node holds is put into what the nodes share as soon as there is a way to it.
        await Events.StartAsync(Engine.Events, EventLimits.OfProcess(), cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(Engine.StartAsync(cancellationToken), StartTokensAsync(cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Ends the tasks of this process, or lets them end.</summary>
    public Task StopTasksAsync(CancellationToken cancellationToken) => _tasks.IsValueCreated ? Tasks.StopAsync(cancellationToken) : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _jwt?.Dispose();
        if (_tasks.IsValueCreated)
        {
            Tasks.Dispose();
        }

        if (_streams.IsValueCreated)
        {
            Streams.Dispose();
        }

        Shedder.Dispose();
        Reports.Dispose();
        Subscribing.Occupancy?.Dispose();
        Clients.Dispose();
        await Events.DisposeAsync().ConfigureAwait(false);
        await Engine.Backplane.DisposeAsync().ConfigureAwait(false);
    }

    private StreamEngine MakeStreams(StreamOptions options, Microsoft.Extensions.Logging.ILogger log)
    {
        var store = Engine.Streams;
        return new StreamEngine(store, options, new StreamSignals(Hub, Broker, store.IsShared, Time), Engine.Clock, Time, log);
    }
}
