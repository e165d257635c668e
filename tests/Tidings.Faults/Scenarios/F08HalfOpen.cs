using Tidings.Faults.Checking;
using Tidings.Faults.Processes;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>A node's connections to Redis stand still in one direction, or are gone on the other side, without a word.</summary>
internal sealed class F08HalfOpen() : Scenario("F8", "links to Redis go silent in one direction, or half open")
{
    private static readonly TimeSpan LongestDetection = TimeSpan.FromSeconds(5);

    private readonly List<(string What, TimeSpan? Noticed)> _noticed = [];
    private readonly List<(long From, long To)> _spans = [];

    protected override WorldOptions Options(ScenarioSettings settings) => settings.Full
        ? new WorldOptions { Channels = 24, WebSockets = 6, EventStreams = 2, Polls = 1, Clients = 1, Rate = 500, Publishers = 32 }
        : new WorldOptions { Nodes = 2 };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        for (var round = 0; round < (settings.Full ? 6 : 1); round++)
        {
            await BreakAsync("commands silent", world, static link => link.Silence(LinkKind.Commands));
            await BreakAsync("subscriptions silent", world, static link => link.Silence(LinkKind.Subscriptions));
            await BreakAsync("half open", world, static link => link.HalfOpen());
        }

        async Task BreakAsync(string what, FaultWorld world, Action<RedisLink> fault)
        {
            var link = world.Nodes[world.Random.Next(world.Nodes.Count)].Link!;
            var (before, from) = (link.Accepted, world.Journal.Now());
            fault(link);

            // Who has noticed makes a new connection, which fares no better until all is healed.
            var lasts = settings.Full ? 20 : 6;
            var noticed = await WaitAsync(() => link.Accepted > before, lasts, cancellationToken);
            _noticed.Add((what, noticed));
            await Task.Delay(TimeSpan.FromSeconds(lasts) - (noticed ?? TimeSpan.FromSeconds(lasts)), cancellationToken);
            link.Heal();
            _spans.Add((from, world.Journal.Now()));
            verdict.Broke();
            await PauseAsync(world, 1, settings.Full ? 5 : 1.5, cancellationToken);
        }
    }

    protected override void JudgeMore(FaultWorld world, LedgerReport report, Verdict verdict)
    {
        foreach (var (what, noticed) in _noticed)
        {
            verdict.Require(noticed <= LongestDetection, $"{what} was noticed after {noticed?.TotalSeconds ?? double.PositiveInfinity:0.0} s");
        }

        verdict.Measure("noticed within", $"{_noticed.Max(static one => one.Noticed)?.TotalSeconds ?? double.NaN:0.0} s");
        var longest = _spans.Max(span => world.Counts.LongestFailure(span.From, span.To));
        verdict.Measure("longest refusal", $"{longest.TotalSeconds:0.0} s");
        verdict.Require(longest <= LongestDetection + TimeSpan.FromSeconds(0.5), $"a publish hung for {longest.TotalSeconds:0.0} s");
    }

    internal static async Task<TimeSpan?> WaitAsync(Func<bool> condition, double seconds, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(started).TotalSeconds > seconds)
            {
                return null;
            }

            await Task.Delay(20, cancellationToken);
        }

        return TimeProvider.System.GetElapsedTime(started);
    }
}
