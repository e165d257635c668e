using TestKit;
using Tidings.Faults.Checking;
using Tidings.Faults.Journals;
using Tidings.Faults.Load;
using Tidings.Faults.Processes;
using Tidings.Faults.Readers;
using Tidings.Protocol;

namespace Tidings.Faults.World;

/// <summary>Nodes, Redis, publishers and readers, each as real processes and real connections, and the journal of all of it.</summary>
internal sealed class FaultWorld : IAsyncDisposable
{
    /// <summary>An anonymous reader of a channel that only users may read.</summary>
    private const string Secret = "secret:plans";

    /// <summary>A channel that knows who listens.</summary>
    private const string Lobby = "lobby:main";

    // A client that was refused comes back slowly: within a minute, and then it has to recover.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan PresencePatience = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _finish = new();
    private readonly CancellationTokenSource _end = new();
    private readonly List<Task> _publishing = [];
    private readonly List<Task> _reading = [];
    private readonly List<Reader> _readers = [];
    private readonly HashSet<ServerNode> _down = [];
    private readonly FaultProxy _front = new(0);
    private readonly ReaderContext _readerContext;
    private readonly PublisherContext _publisherContext;
    private readonly Publisher _fences;

    private FaultWorld(WorldOptions options, RedisServer? redis, ClusterOfRedis? cluster, PostgreSqlServer? postgreSql)
    {
        Options = options;
        Redis = redis;
        Cluster = cluster;
        PostgreSql = postgreSql;
        Random = new Random(options.Seed);
        Journal = new RunJournal();
        Lags = new LagMeter(Journal);
        Http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2), UseCookies = false }) { Timeout = Timeout.InfiniteTimeSpan };
        Prefix = $"faults{options.Seed}:";
        BackEnd = options.Events ? new EventReceiver() : null;
        var environment = NodeSettings.Environment(options).Concat(BackEnd is null ? [] : NodeSettings.Events(BackEnd.Url)).ToDictionary();
        Nodes = [.. Enumerable.Range(1, options.Nodes).Select(i => new ServerNode($"node{i}", Http, redis is null ? null : new RedisLink(redis.Port), Prefix, environment, options.OwnClocks ? new FakeClock() : null) 
        {
            DataDirectory = options.Data ? NewDirectory() : null,
            Cluster = cluster?.Address,
            Database = postgreSql is null ? null : new DatabaseLink(postgreSql.Port),
        })];
        var routes = new Random(options.Seed + 2);
        _front.Route = () => Pick(routes).Port;
        _readerContext = new ReaderContext(Journal, Http, Pick, new Uri($"http://127.0.0.1:{_front.Port}"), Lags);
        _publisherContext = new PublisherContext(Journal, Http, Pick, Lags, Counts, [.. options.ChannelNames, Secret]) { DurablePart = options.DurablePart };
        _fences = new Publisher("fence", _publisherContext, new Random(options.Seed + 1));
    }

    public WorldOptions Options { get; }
    public RedisServer? Redis { get; }

    /// <summary>Redis as a Cluster; null where it is a server, or there is none.</summary>
    public ClusterOfRedis? Cluster { get; }

    /// <summary>The server that leads; null where the nodes have none.</summary>
    public PostgreSqlServer? PostgreSql { get; private set; }

    /// <summary>What every key of the nodes begins with.</summary>
    public string Prefix { get; }

    /// <summary>Who is told of events; null where nobody is.</summary>
    public EventReceiver? BackEnd { get; }

    public IReadOnlyList<ServerNode> Nodes { get; }
    public RunJournal Journal { get; }
    public LagMeter Lags { get; }
    public PublishCounts Counts { get; } = new();
    public HttpClient Http { get; }

    /// <summary>For what is done to the world; its seed is the run's.</summary>
    public Random Random { get; }

    public IReadOnlyList<Reader> Readers => _readers;

    /// <summary>What publishers share.</summary>
    public PublisherContext PublisherContext => _publisherContext;

    /// <summary>A speaker besides the others, for what a scenario itself wants said.</summary>
    public Publisher Speaker => _fences;

    public static async Task<FaultWorld> StartAsync(WorldOptions options, params string[] redisSettings)
    {
        var cluster = options is { Cluster: true, Redis: { } each } ? await ClusterOfRedis.StartAsync(replicas: true, each) : null;
        var redis = options is { Cluster: false, Redis: { } persistence } ? await RedisServer.StartAsync(persistence, redisSettings) : null;
        var world = new FaultWorld(options, redis, cluster, options.PostgreSql ? await Task.Run(static () => new PostgreSqlServer()) : null);
        try
        {
            await (world.BackEnd?.StartAsync() ?? Task.CompletedTask);
            await Task.WhenAll(world.Nodes.Select(static node => node.StartAsync()));
            world.AddReaders();
            await Eventually.TrueAsync(() => world.Subscribers.All(static reader => reader.IsLive), "all readers are subscribed", Patience);
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <summary>Readers who are to be told what is said.</summary>
    public IEnumerable<Reader> Subscribers => _readers.Where(static reader => !reader.Terms.Forbidden);

    public void StartPublishing()
    {
        var interval = TimeSpan.FromSeconds(Options.Publishers / Options.Rate);
        for (var i = 0; i < Options.Publishers; i++)
        {
            var publisher = new Publisher($"p{i}", _publisherContext, new Random(Options.Seed + 1000 + i));
            _publishing.Add(Task.Run(() => publisher.RunAsync(interval, _finish.Token, _end.Token)));
        }
    }

    /// <summary>Adds readers of one kind after the start.</summary>
    public void Add(Reader reader)
    {
        _readers.Add(reader);
        _reading.Add(Task.Run(() => reader.RunAsync(_end.Token)));
    }

    public ReaderContext ReaderContext => _readerContext;

    /// <summary>The balancer takes the node out, or in again.</summary>
    public void SetDown(ServerNode node, bool down)
    {
        lock (_down)
        {
            _ = down ? _down.Add(node) : _down.Remove(node);
        }
    }

    public async Task KillAsync(ServerNode node)
    {
        SetDown(node, down: true);
        await node.KillAsync();
    }

    public async Task StartAsync(ServerNode node)
    {
        await node.StartAsync();
        SetDown(node, down: false);
    }

    /// <summary>Another server of PostgreSQL leads: all nodes are led there, and the former one is gone.</summary>
    public void MoveTo(PostgreSqlServer server)
    {
        var former = PostgreSql;
        PostgreSql = server;
        foreach (var node in Nodes)
        {
            node.Database!.MoveTo(server);
        }

        former?.Dispose();
    }

    /// <summary>All is healed: nobody begins to publish any more, what is not answered is asked again, and every reader is waited for.</summary>
    /// <returns>How long it took until the last was there, or the time that there was; and who was the last.</returns>
    public async Task<(TimeSpan Took, string? Last)> SettleAsync()
    {
        Lags.IsOn = false;
        await _finish.CancelAsync();
        var started = TimeProvider.System.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        limit.CancelAfter(Patience);
        await Task.WhenAll(_publishing).WaitAsync(Patience, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var fences = new Dictionary<string, StreamPosition?>();
        foreach (var channel in Subscribers.Select(static reader => reader.Terms.Channel).Distinct())
        {
            fences[channel] = await _fences.SayAsync(channel, durable: false, limit.Token);
        }

        string? last = null;
        while (!limit.IsCancellationRequested && Subscribers.FirstOrDefault(reader => reader.Journal.Cursor != fences[reader.Terms.Channel]) is { } behind)
        {
            last = $"{behind.Journal.Terms.Transport} in {behind.Terms.Channel}{(behind.IsLive ? "" : ", away")}";
            await Task.Delay(20, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return (TimeProvider.System.GetElapsedTime(started), last);
    }

    /// <summary>Reads the logs, looks who is there, and judges the run.</summary>
    public async Task<LedgerReport> JudgeAsync(Expectations expectations)
    {
        var witness = new LogWitness(Http, Journal);
        foreach (var channel in _publisherContext.Channels.Append(Lobby))
        {
            foreach (var node in Nodes)
            {
                Journal.Of(channel).Final = await witness.ReadAsync(node.Address, channel);
            }
        }

        if (Redis is not null)
        {
            await new StoreWitness(Redis, Prefix, Journal).ReadAsync(_publisherContext.Channels);
        }

        await NotePresenceAsync(witness);

        await _end.CancelAsync();
        await Task.WhenAll([.. _reading, .. _publishing]).WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Ledger.Check(Journal, expectations);
    }

    public async ValueTask DisposeAsync()
    {
        await _finish.CancelAsync();
        await _end.CancelAsync();
        await Task.WhenAll([.. _reading, .. _publishing]).WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var node in Nodes)
        {
            await node.DisposeAsync();
        }

        if (Redis is not null)
        {
            await Redis.DisposeAsync();
        }

        if (Cluster is not null)
        {
            await Cluster.DisposeAsync();
        }

        PostgreSql?.Dispose();
        if (BackEnd is not null)
        {
            await BackEnd.DisposeAsync();
        }

        await _front.DisposeAsync();
        Http.Dispose();
        _finish.Dispose();
        _end.Dispose();
    }

    /// <summary>A node that a balancer would choose.</summary>
    public Uri Pick(Random random)
    {
        lock (_down)
        {
            var up = Nodes.Where(node => !_down.Contains(node)).ToList();
            return (up.Count == 0 ? Nodes : up)[random.Next(up.Count == 0 ? Nodes.Count : up.Count)].Address;
        }
    }

    private static string NewDirectory() => Path.Combine(Path.GetTempPath(), "tidings-faults-" + Guid.NewGuid().ToString("N"));

    private void AddReaders()
    {
        foreach (var channel in Options.ChannelNames)
        {
            AddMany(Options.WebSockets, "ws", channel, static (context, terms, random) => new WebSocketReader(context, terms, random));
            AddMany(Options.EventStreams, "sse", channel, static (context, terms, random) => new EventStreamReader(context, terms, random));
            AddMany(Options.Polls, "poll", channel, static (context, terms, random) => new PollReader(context, terms, random));
            AddMany(Options.Clients, "net", channel, static (context, terms, random) => new ClientReader(context, terms, random));
        }

        AddMany(4, "guest", Lobby, static (context, terms, random) => new WebSocketReader(context, terms, random));
        AddMany(1, "intruder-ws", Secret, static (context, terms, random) => new WebSocketReader(context, terms with { Forbidden = true }, random));
        AddMany(1, "intruder-sse", Secret, static (context, terms, random) => new EventStreamReader(context, terms with { Forbidden = true }, random));
    }

    private void AddMany(int count, string name, string channel, Func<ReaderContext, SubscriptionTerms, Random, Reader> make)
    {
        for (var i = 0; i < count; i++)
        {
            Add(make(_readerContext, new SubscriptionTerms($"{name}{i}", channel), new Random(Options.Seed + 2000 + _readers.Count)));
        }
    }

    // P7: right within fifteen seconds.
    private async Task NotePresenceAsync(LogWitness witness)
    {
        var started = TimeProvider.System.GetTimestamp();
        foreach (var node in Nodes)
        {
            IReadOnlySet<string> told, real;
            do
            {
                told = await witness.MembersAsync(node.Address, Lobby);
                real = Subscribers.Where(static reader => reader.Terms.Channel == Lobby).Select(static reader => $"~{reader.Connection}").ToHashSet(StringComparer.Ordinal);
                if (!told.SetEquals(real))
                {
                    await Task.Delay(100);
                }
            }
            while (!told.SetEquals(real) && TimeProvider.System.GetElapsedTime(started) < PresencePatience);
            Journal.SawPresence(node.Name, Lobby, told, real);
        }
    }
}
