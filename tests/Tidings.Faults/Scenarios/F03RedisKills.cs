using Tidings.Faults.Checking;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>Redis, which writes each entry to its disk before it answers, is killed while others press the disk.</summary>
internal sealed class F03RedisKills() : Scenario("F3", "Redis with appendfsync always is killed under disk pressure")
{
    private static readonly TimeSpan LongestReturn = TimeSpan.FromSeconds(5);

    private readonly StoreOutages _outages = new();

    protected override WorldOptions Options(ScenarioSettings settings) => settings.Full
        ? new WorldOptions { Channels = 24, WebSockets = 6, EventStreams = 2, Polls = 1, Clients = 1, Rate = 300, Publishers = 32, DurablePart = 0.5 }
        : new WorldOptions { Nodes = 2, Rate = 100, DurablePart = 0.5 };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        await using var pressure = new DiskPressure();
        for (var kill = 0; kill < (settings.Full ? 20 : 3); kill++)
        {
            await _outages.MakeAsync(world, settings.Full, inspect: null, cancellationToken);
            verdict.Broke();
        }
    }

    protected override void JudgeMore(FaultWorld world, LedgerReport report, Verdict verdict)
    {
        _outages.Judge(world, verdict, LongestReturn);
        verdict.Require(world.Counts.Refused == 0, $"{world.Counts.Refused} durable publishes were refused");
    }
}
