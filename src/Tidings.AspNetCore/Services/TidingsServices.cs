using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidings.Actions;
using Tidings.AspNetCore.Authentication;
using Tidings.AspNetCore.Handlers;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.Hooks;
using Tidings.AspNetCore.Keys;
using Tidings.AspNetCore.Origins;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Clients;
using Tidings.Connections;
using Tidings.Dialects;
using Tidings.Engine;
using Tidings.Lanes;
using Tidings.Nodes;
using Tidings.Presence;
using Tidings.Pressure;
using Tidings.Protocol.Compression;
using Tidings.Quotas;
using Tidings.Reports;
using Tidings.Rules;
using Tidings.Security;
using Tidings.Security.Identities;
using Tidings.Sessions;
using Tidings.Tasks;

namespace Tidings.AspNetCore.Services;

/// <summary>The engine of one application, put together from its options.</summary>
internal sealed partial class TidingsServices : IAsyncDisposable
{
    private static readonly string ServerVersion = typeof(TidingsServices).Assembly.GetName().Version!.ToString(3);

    private readonly HookClient? _hooks;
    private readonly Lazy<TaskEngine> _tasks;
    private readonly SharedRate _handshakes;
    private readonly Subscribing _subscribing;
    private readonly JwtAuthenticator? _jwt;
    private readonly HistoryBudget _histories;
    private volatile Limits _limits;

    public TidingsServices(
        TidingsOptions options, LaneSet lanes, IMeterFactory meters, TimeProvider time, ILogger<ConnectionRegistry> log, IServiceProvider provider, IOptions<JsonOptions> json, ITokenAuthenticator? tokens = null)
    {
        Options = options;
        Provider = provider;
        HandlerJson = new HandlerJson(json.Value.SerializerOptions);
        Handlers = new HandlerRunner(provider.GetRequiredService<IServiceScopeFactory>(), time, options.HandlerTimeout);
        _limits = Limits.From(options.Limits);
        var bodies = provider.GetService<BodyBudget>() ?? BodyBudget.OfProcess(Limits.Messages(binary: true).HardLimit);
        _hooks = options.Hooks.Secret is null ? null : new HookClient(options.Hooks, bodies, time, log);
        ConnectHook = Hook(options.Hooks.Connect, (hooks, url) => new ConnectHook(hooks, url, () => Registry!.Revocations.Clock.Now));
        Calls = new CallTable(Hook(options.Hooks.Call, static (hooks, url) => new CallHook(hooks, url)));
        Shedder = new LoadShedder(provider.GetService<IPressure>() ?? new SystemPressure(), options.Overload, time, meters, log);
        Registry = new ConnectionRegistry(lanes, Limits.ForNode(), time, meters, log, provider.GetService<IHostEnvironment>()?.IsDevelopment() ?? false)
        {
            Shedder = Shedder,
            Bodies = bodies,
        };
        _jwt = tokens is null ? JwtAuthenticator.From(options.Jwt, time) : null;
        LimitTokens(options.Jwt);
        tokens ??= _jwt;
        var authenticator = tokens is null ? null : new Authenticator(tokens, Registry.Revocations, time);
        FirstMessage = authenticator is null ? null : new FirstMessage(authenticator);
        Hub = new Hub(time);
        _histories = new HistoryBudget(Limits.HistoryBytes);
        Backplane = provider.GetService<IBackplaneFactory>()?.Create(Hub, time) ?? new MemoryBackplane(Hub, time, _histories);
        Registry.Revocations.Clock = Backplane.Clock;
        Broker = new ObservedBroker(Backplane.Broker, meters, time);
        EngineMetrics.Create(meters, lanes, Hub, _histories, () => Backplane.IsAvailable, () => Registry.IsDraining);
        Authentication = new RequestAuthenticator(authenticator, Tickets, Registry.Revocations, time);
        Deflater = new MessageDeflater(new DeflateSettings(options.Compression.Level, (int)options.Compression.ThresholdBytes));
        RoomDialects = new DialectFamily(new RoomDialect(), RoomDialect.DeflateIndex, Deflater);
        ConnectDialects = new DialectFamily(new ConnectDialect(), ConnectDialect.DeflateIndex, Deflater);
        foreach (var kind in options.Channels)
        {
            Kinds.Set(KindOf(kind));
        }

        Kinds.UnmatchedAreOpen = UnmatchedAreOpen(options);

        _subscribing = new Subscribing(Hub, Broker, Presence, Kinds, ConnectDialects, new ChannelLimits(Limits.Subscriptions, Limits.SubscribeRate)) { Shedder = Shedder };
        Clients = new ClientRegistry(options.Clients.Duplicates, options.Language, time);
        var figures = new NodeFigures(meters, Registry, Directory, Hub, lanes, () => Backplane.IsAvailable, ServerVersion);
        Reports = new NodeReports(Hub, Backplane.Broker, Backplane.Nodes, figures, time);
        Disconnecting = new Disconnecting(Registry, Directory, Backplane.Nodes, Backplane.Revocations);
        var work = new NodeWork(Directory, _subscribing, Clients, Disconnecting, Reports);
        Backplane.Serve(work, Registry, Clients);
        var everywhere = new Everywhere(Backplane.Nodes, work);
        ClientActions = new ClientActions(Clients, Backplane.Nodes, everywhere);
        DirectMessages = new DirectMessages(Kinds, everywhere) { Rule = new SendRule(options.Send) };
        Actions = new CommandActions(Broker, Presence, Kinds, _subscribing, Directory, DirectMessages) { Calls = Calls, FirstMessage = FirstMessage, Shedder = Shedder };
        ServerActions = new ServerActions(Broker, Presence, Kinds, everywhere);
        Channels = new ChannelHandler(Actions, _subscribing, Directory, Server, FirstMessage);
        LocalRule = provider.GetService<DirectLocalRule>() ?? DirectLocalRule.Of(provider);
        var trustsLocal = LocalRule.HoldsWith(options);
        ApiAccess = new ServerKey(ApiKeys(options), Limits.ApiRate, trustsLocal, time, Registry.Metrics, Registry.Refusals);
        AdminAccess = new ServerKey(AdminKeys(options), RateLimit.None, trustsLocal, time, Registry.Metrics, Registry.Refusals);
        TaskAccess = new ServerKey(TaskKeys(options), Limits.ApiRate, trustsLocal, time, Registry.Metrics, Registry.Refusals);
        _keyOptions = options;
        _tasks = new Lazy<TaskEngine>(() => new TaskEngine(
            options.Tasks, provider.GetService<ITaskStore>() ?? Backplane.Tasks ?? new MemoryTaskStore(time, options.Tasks.MemoryBytes),
            Broker, Hub, Kinds, FirstMessage, json.Value.SerializerOptions, time, meters, log));
        Forwarding = new ForwardingNotice(log);
        Origins = new OriginPolicy(options.AllowedOrigins, new OwnHosts(provider));
        CrossOrigin = new CrossOrigin([.. options.AllowedOrigins], provider.GetRequiredService<ILoggerFactory>());
        Facade = new TidingsFacade(ClientActions, Registry, ServerActions, Disconnecting, Hub, Broker, json.Value.SerializerOptions);
        DrainSpan = DrainDefaults.SpanOf(options, provider.GetService<IHostEnvironment>());
        Drain = new Drain(Registry, lanes, time, DrainSpan);
        Lanes = lanes;
        Time = time;
        AuthenticationRule = new AuthenticationRule(AuthenticationMethods.All, options.RequireAuthentication);
        _handshakes = new SharedRate(Limits.HandshakeRate, time);
        Entrance = new WebSocketEntrance(
            Registry, lanes, Origins, Authentication, AuthenticationRule,
            new EntranceGuards(_handshakes, Forwarding, options.Compression.Enabled));
    }

    public TidingsOptions Options { get; }
    public LaneSet Lanes { get; }
    public TimeProvider Time { get; }
    public MessageDeflater Deflater { get; }
    public ClientRegistry Clients { get; }
    public ClientActions ClientActions { get; }

    /// <summary>What applications see.</summary>
    public ITidings Facade { get; }

    /// <summary>The limits in force.</summary>
    public Limits Limits => _limits;
    public ConnectionRegistry Registry { get; }
    public Hub Hub { get; }

    /// <summary>Refuses what is new or can wait while the process is hard-pressed.</summary>
    public LoadShedder Shedder { get; }

    /// <summary>Over how long connections are closed where the node goes.</summary>
    public TimeSpan DrainSpan { get; }
    public Drain Drain { get; }

    /// <summary>What the nodes of the application share.</summary>
    public IBackplane Backplane { get; }
    public IBroker Broker { get; }
    public IPresenceStore Presence => Backplane.Presence;
    public ChannelKinds Kinds { get; } = new();
    public ConnectionDirectory Directory { get; } = new();
    public CommandActions Actions { get; }

    /// <summary>What clients send to one another, and who may.</summary>
    public DirectMessages DirectMessages { get; }
    public ServerActions ServerActions { get; }
    public Disconnecting Disconnecting { get; }
    public ServerInfo Server { get; } = new("tidings", ServerVersion);

    /// <summary>The application's services.</summary>
    public IServiceProvider Provider { get; }
    public HandlerJson HandlerJson { get; }
    public HandlerRunner Handlers { get; }
    public CallTable Calls { get; }
    public ConnectHook? ConnectHook { get; }

    /// <summary>Who requests come from.</summary>
    public RequestAuthenticator Authentication { get; }

    /// <summary>What routes ask of those who come, where they don't say otherwise.</summary>
    public AuthenticationRule AuthenticationRule { get; }

    public ITicketStore Tickets => Backplane.Tickets;

    /// <summary>Takes auth messages; null where no tokens are accepted.</summary>
    public FirstMessage? FirstMessage { get; }

    /// <summary>The channel protocol.</summary>
    public ChannelHandler Channels { get; }
    public DialectFamily ConnectDialects { get; }
    public DialectFamily RoomDialects { get; }
    public OriginPolicy Origins { get; }

    /// <summary>Whether direct local requests need no key.</summary>
    public DirectLocalRule LocalRule { get; }

    /// <summary>Who may use the server API and <c>POST /broadcast</c>.</summary>
    public ServerKey ApiAccess { get; }

    /// <summary>Who may do what only those do who run the server.</summary>
    public ServerKey AdminAccess { get; }

    /// <summary>What the nodes say of themselves.</summary>
    public NodeReports Reports { get; }

    /// <summary>Who may report tasks.</summary>
    public ServerKey TaskAccess { get; }

    /// <summary>Tasks, from the first who asks for them on.</summary>
    public TaskEngine Tasks => _tasks.Value;

    public CrossOrigin CrossOrigin { get; }

    public WebSocketEntrance Entrance { get; }
    public ForwardingNotice Forwarding { get; }

    /// <summary>Ends the tasks of this process, or lets them end.</summary>
    public Task StopTasksAsync(CancellationToken cancellationToken) =>
        _tasks.IsValueCreated ? Tasks.StopAsync(cancellationToken) : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_tasks.IsValueCreated)
        {
            Tasks.Dispose();
        }

        Shedder.Dispose();
        Reports.Dispose();
        Clients.Dispose();
        await Backplane.DisposeAsync();
        _hooks?.Dispose();
    }

    private T? Hook<T>(string? url, Func<HookClient, Uri, T> make)
        where T : class => url is null ? null : make(_hooks!, new Uri(url));

    /// <summary>What holds on the server's own text routes (design: connection rules).</summary>
    public LiveSettings TextRoute(bool binary) => new(() => Limits, limits => new ConnectionSettings
    {
        Messages = limits.Messages(binary),
        Rate = limits.Rate,
        ByteRate = limits.ByteRate,
        SharesRates = true,
        ControlRate = limits.ControlRate,
        Heartbeat = Options.Heartbeat.Interval,
        TextHeartbeat = true,
        QueueBytes = limits.QueueBytes == 0 ? int.MaxValue : limits.QueueBytes,
    });
}

internal static class TidingsServicesExtensions
{
    /// <summary>The engine of the application.</summary>
    /// <exception cref="InvalidOperationException">The application did not add it.</exception>
    public static TidingsServices GetTidings(this IServiceProvider services) =>
        services.GetService<TidingsServices>()
        ?? throw new InvalidOperationException("Tidings is not among the application's services: call builder.Services.AddTidings() before builder.Build().");
}
