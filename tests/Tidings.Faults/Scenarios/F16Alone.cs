using Tidings.Faults.Checking;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>The clock of a single node with its log in memory jumps both ways while messages flow.</summary>
internal sealed class F16Alone() : Scenario("F16m", "the clock of a single node without Redis jumps")
{
    private static readonly int[] Seconds = [3600, 0, -3600, 10, -1, 0, -10];

    protected override WorldOptions Options(ScenarioSettings settings) => new()
    {
        OwnClocks = true,
        Nodes = 1,
        Redis = null,
        Rate = settings.Full ? 300 : 200,
    };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        for (var round = 0; round < (settings.Full ? 42 : 7); round++)
        {
            await world.Nodes[0].SetClockAsync(TimeSpan.FromSeconds(Seconds[round % Seconds.Length]));
            verdict.Broke();
            await PauseAsync(world, 0.2, settings.Full ? 3 : 0.6, cancellationToken);
        }
    }

    protected override void JudgeMore(FaultWorld world, LedgerReport report, Verdict verdict)
    {
        verdict.Require(report.Gaps == 0, $"{report.Gaps} gaps, though all was kept");
        verdict.Require(report.Returns == 0, $"{report.Returns} returns, though nothing but the clock has changed");
    }
}
