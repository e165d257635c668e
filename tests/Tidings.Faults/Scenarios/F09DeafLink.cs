using Tidings.Faults.Checking;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>A node's subscriptions are healthy by every sign, and bring nothing any more, as after a failover that left them with the wrong server.</summary>
internal sealed class F09DeafLink() : Scenario("F9", "links to Redis are healthy but deaf")
{
    private static readonly TimeSpan LongestDetection = TimeSpan.FromSeconds(10);

    private readonly List<TimeSpan?> _noticed = [];

    protected override WorldOptions Options(ScenarioSettings settings) => settings.Full
        ? new WorldOptions { Channels = 24, WebSockets = 6, EventStreams = 2, Polls = 1, Clients = 1, Rate = 500, Publishers = 32 }
        : new WorldOptions { Nodes = 2 };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        for (var round = 0; round < (settings.Full ? 10 : 1); round++)
        {
            var link = world.Nodes[world.Random.Next(world.Nodes.Count)].Link!;
            var before = link.Accepted;
            link.Deafen();
            _noticed.Add(await F08HalfOpen.WaitAsync(() => link.Accepted > before, settings.Full ? 30 : 12, cancellationToken));
            link.Heal();
            verdict.Broke();
            await PauseAsync(world, 1, settings.Full ? 5 : 1.5, cancellationToken);
        }
    }

    protected override void JudgeMore(FaultWorld world, LedgerReport report, Verdict verdict)
    {
        verdict.Measure("noticed within", $"{_noticed.Max()?.TotalSeconds ?? double.NaN:0.0} s");
        verdict.Require(_noticed.TrueForAll(static noticed => noticed <= LongestDetection), "a deaf link was not replaced within 10 s");
        verdict.Require(report.Gaps == 0, $"{report.Gaps} gaps, though all was kept");
    }
}
