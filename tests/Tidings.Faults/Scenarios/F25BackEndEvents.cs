using TestKit;
using Tidings.Faults.Checking;
using Tidings.Faults.Processes;
using Tidings.Faults.Readers;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>Nodes are killed and restarted, the receiver of events is killed, Redis is killed, in turn and together, while users come and go: what the back end was told alternates,
/// and 15 s after the last fault it is what the server API says.</summary>
internal sealed class F25BackEndEvents(string id, string title, bool data) : Scenario(id, title)
{
    private const int Channels = 4;
    private const string Killed = "its node was killed";

    // What was noted is stored well within this, unless the engine is away.
    private static readonly TimeSpan Storing = TimeSpan.FromSeconds(2);

    // What a node said last is read after it was killed.
    private static readonly TimeSpan Reading = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly EventLedger _told = new([]);
    private readonly List<(Uri Node, string How, long When)> _ends = [];
    private readonly List<Outage> _outages = [];
    private string _differs = "nothing was compared";
    private TimeSpan _true;

    // A short form runs beside other tests: how late it is says more of them.
    private bool _judgesTime;
    private int _visits;
    private List<Visit> _untold = [];

    protected override WorldOptions Options(ScenarioSettings settings) => new()
    {
        Nodes = data ? 1 : 3,
        Redis = data ? null : RedisPersistence.Always,
        Data = data,
        Events = true,
        Channels = settings.Full ? 16 : 4,
        WebSockets = 2,
        EventStreams = 1,
        Polls = 0,
        Clients = 0,
        Rate = settings.Full ? 200 : 100,
        Drain = TimeSpan.FromSeconds(1),
    };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var visitors = Enumerable.Range(0, settings.Full ? 60 : 20).Select(i => new Visitor($"visitor{i}", $"here:{i % Channels}", world.Pick, new Random(settings.Seed + 3000 + i))).ToList();
        var visiting = visitors.ConvertAll(visitor => Task.Run(() => visitor.RunAsync(end.Token), CancellationToken.None));
        var began = TimeProvider.System.GetTimestamp();
        await PauseAsync(world, 1, 2, cancellationToken);
        Func<Task>[] faults = data
            ? [() => RestartAsync(world, 0), () => Task.WhenAll(KillAsync(world, 0), KillReceiverAsync(world)), () => KillReceiverAsync(world), () => KillAsync(world, 0)]
            :
            [
                () => Task.WhenAll(KillAsync(world, 1), KillReceiverAsync(world)), () => Task.WhenAll(RestartAsync(world, 0), KillReceiverAsync(world)), () => Task.WhenAll(KillRedisAsync(world), KillAsync(world, 2)),
                () => KillAsync(world, 1), () => RestartAsync(world, 2), () => KillReceiverAsync(world), () => KillRedisAsync(world),
            ];

        _judgesTime = settings.Full;

        // The first three in the short form; in full in any order, and the last is a node's death, which is noticed last.
        for (var round = 0; round < (settings.Full ? 60 : 3); round++)
        {
            await (settings.Full ? faults[world.Random.Next(faults.Length)] : faults[round])();
            verdict.Broke();
            settings.Say($"  fault {round + 1}, {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0} s");
            await PauseAsync(world, 0.1, settings.Full ? 8 : 0.6, cancellationToken);
            _told.Take(world.BackEnd!.ReadNew());
        }

        await KillAsync(world, 0);
        verdict.Broke();
        var last = _ends[^1].When;
        settings.Say($"  the last node was killed {TimeProvider.System.GetElapsedTime(last).TotalSeconds:0.0} s ago and is back");
        visitors.ForEach(static visitor => visitor.Stay());
        while (!await AgreeAsync(world, visitors) && TimeProvider.System.GetElapsedTime(last) < Patience)
        {
            await Task.Delay(100, cancellationToken);
        }

        _true = TimeProvider.System.GetElapsedTime(last);
        await end.CancelAsync();
        await Task.WhenAll(visiting);
        await Task.WhenAll(_outages.ConvertAll(static outage => outage.To));
        _visits = visitors.Sum(static visitor => visitor.Visits.Count);
        _untold = [.. visitors.SelectMany(static visitor => visitor.Visits).Where(visit => !_told.Knows(visit.Id) && !MayBeUntold(visit))];
    }

    protected override void JudgeMore(FaultWorld world, LedgerReport report, Verdict verdict)
    {
        verdict.Measure("events", $"{_told.Count}");
        verdict.Measure("messages among them", $"{_told.Messages}");
        verdict.Measure("told again", $"{_told.Repeats}");
        verdict.Measure("beginnings and ends", $"{_told.Turns}");
        verdict.Measure("visits", $"{_visits}");
        verdict.Measure("messages untold", $"{_told.MissingMessages}");
        verdict.Measure("true after", $"{_true.TotalSeconds:0.0} s");
        verdict.Require(_told.Faults.Count == 0, $"{_told.Faults.Count} faults: {string.Join("; ", _told.Faults.Take(5))}");
        verdict.Require(_untold.Count == 0, $"{_untold.Count} connections were not told, opened {string.Join(", ", _untold.Select(Ended))}");
        verdict.Require(_true < Patience, $"what was told never was what is so: {_differs}");
        verdict.Require(!_judgesTime || _true <= Promised, $"what was told was what is so only after {_true.TotalSeconds:0.0} s");
    }

    private async Task KillAsync(FaultWorld world, int number)
    {
        var node = world.Nodes[number];
        _ends.Add((node.Address, Killed, TimeProvider.System.GetTimestamp()));
        await world.KillAsync(node);
        await PauseAsync(world, 0.1, 1, CancellationToken.None);
        await world.StartAsync(node);
    }

    private async Task RestartAsync(FaultWorld world, int number)
    {
        var node = world.Nodes[number];
        _ends.Add((node.Address, "it was asked to go", TimeProvider.System.GetTimestamp()));
        world.SetDown(node, down: true);
        await node.TerminateAsync();
        await world.StartAsync(node);
    }

    private static async Task KillReceiverAsync(FaultWorld world)
    {
        await world.BackEnd!.KillAsync();
        await PauseAsync(world, 0, 1.5, CancellationToken.None);
        await world.BackEnd.StartAsync();
    }

    private async Task KillRedisAsync(FaultWorld world)
    {
        var from = TimeProvider.System.GetTimestamp();
        world.Redis!.Kill();
        await PauseAsync(world, 0.1, 1.5, CancellationToken.None);
        await world.Redis.StartAgainAsync();

        // The next fault comes when one node has Redis back; of the others, which may be killed again before, it is noted when they have.
        var outages = world.Nodes.Select(node => new Outage(node.Address, from, BackAsync(node))).ToList();
        _outages.AddRange(outages);
        await outages[1].To;

        static async Task<long> BackAsync(ServerNode node)
        {
            await Eventually.TrueAsync(node.IsReadyAsync, () => $"{node.Name} has Redis back", TimeSpan.FromMinutes(1));
            return TimeProvider.System.GetTimestamp();
        }
    }

    // What a node saw just before it was killed may not have been stored.
    private bool MayBeUntold(Visit visit)
    {
        var (earliest, stored) = (Later(visit.Opened, -Reading), Later(visit.Opened, Storing));
        foreach (var (_, from, to) in _outages.Where(outage => outage.Node == visit.Node))
        {
            stored = stored >= from && visit.Opened <= to.Result ? Math.Max(stored, Later(to.Result, Storing)) : stored;
        }

        return _ends.Exists(end => end.How == Killed && end.Node == visit.Node && end.When >= earliest && end.When <= stored);

        static long Later(long time, TimeSpan by) => time + (long)(by.TotalSeconds * TimeProvider.System.TimestampFrequency);
    }

    // How long after it was opened its node ended, and Redis was away.
    private string Ended(Visit visit)
    {
        var ends = _ends.Where(end => end.Node == visit.Node && end.When >= visit.Opened - TimeProvider.System.TimestampFrequency).Select(static end => (end.How, end.When));
        var ended = ends.Concat(_outages.Where(outage => outage.Node == visit.Node && outage.To.Result >= visit.Opened)
            .SelectMany(static outage => new[] { (How: "Redis was killed", When: outage.From), (How: "it had Redis back", When: outage.To.Result) })).OrderBy(static end => end.When).Take(4);
        return $"on {visit.Node.Port} " + string.Join(" and ", ended.Select(end => $"{TimeProvider.System.GetElapsedTime(visit.Opened, end.When).TotalSeconds:0.0} s before {end.How}"));
    }

    private async Task<bool> AgreeAsync(FaultWorld world, List<Visitor> visitors)
    {
        var state = new StateWitness(world.Http, world.Nodes[^1].Address);
        var connections = await state.ConnectionsAsync();
        var channels = await state.ChannelsAsync(["chat:", "lobby:", "here:"]);
        var members = await state.MembersAsync([.. Enumerable.Range(0, Channels).Select(static i => $"here:{i}"), "lobby:main"]);
        _told.Take(world.BackEnd!.ReadNew());
        var away = visitors.FirstOrDefault(visitor => visitor.Connection is not { } connection || !connections.Contains(connection));
        _differs = away is not null ? $"{away.User} is not there"
            : Difference("connections", connections, _told.Connections) ?? Difference("channels", channels, _told.Channels) ?? Difference("members", members, _told.Members) ?? "";
        return _differs.Length == 0;
    }

    private static string? Difference(string what, IReadOnlySet<string> there, IEnumerable<string> told)
    {
        var known = told.ToHashSet(StringComparer.Ordinal);
        return there.SetEquals(known) ? null
            : $"{what}: {there.Count} are there and {known.Count} told; untold {string.Join(", ", there.Except(known).Take(3))}; gone {string.Join(", ", known.Except(there).Take(3))}";
    }

    // From when on a node could not reach Redis, and until when.
    private sealed record Outage(Uri Node, long From, Task<long> To);
}
