using Tidings.Faults.Checking;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>A node with its log in memory is killed: the log is gone, and everybody is told so.</summary>
internal sealed class F01Alone() : Scenario("F1m", "a single node without Redis is killed")
{
    protected override Expectations Expect { get; } = new() { EpochMayChange = true };

    protected override WorldOptions Options(ScenarioSettings settings) => new() { Nodes = 1, Redis = null, Channels = settings.Full ? 24 : 8, Clients = settings.Full ? 1 : 0 };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        for (var kill = 0; kill < (settings.Full ? 20 : 3); kill++)
        {
            await world.KillAsync(world.Nodes[0]);
            await PauseAsync(world, 0.1, 0.5, cancellationToken);
            await world.StartAsync(world.Nodes[0]);
            verdict.Broke();
            await PauseAsync(world, 1, settings.Full ? 6 : 2, cancellationToken);
        }
    }

    protected override void JudgeMore(FaultWorld world, LedgerReport report, Verdict verdict) =>
        verdict.Require(report.Gaps >= world.Subscribers.Count(), $"{report.Gaps} gaps for {world.Subscribers.Count()} subscriptions whose log was lost");
}
