using Tidings.Faults.Checking;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>A replica is promoted while the master goes on: one node writes to the one, the rest to the other, until all are together again.</summary>
internal sealed class F07SplitBrain() : Scenario("F7", "two masters at once, with nodes on both")
{
    protected override Expectations Expect { get; } = new() { EpochMayChange = true, DurableSurvives = false };

    protected override WorldOptions Options(ScenarioSettings settings) =>
        new() { Nodes = settings.Full ? 3 : 2, Channels = settings.Full ? 24 : 8, Rate = settings.Full ? 300 : 100 };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        await using var other = await ReplicaOfRedis.StartAsync(world);
        for (var round = 0; round < (settings.Full ? 10 : 2); round++)
        {
            await other.CutOffAsync();
            await PauseAsync(world, 0.2, 1, cancellationToken);
            await other.Server.SendAsync("REPLICAOF", "NO", "ONE");
            world.Nodes[0].Link!.MoveTo(other.Server);
            await PauseAsync(world, 2, settings.Full ? 30 : 4, cancellationToken);
            world.Nodes[0].Link!.MoveTo(world.Redis!);
            verdict.Broke();
            await PauseAsync(world, 0.5, 2, cancellationToken);
            other.Reconnect();
            await other.FollowAsync();
            await PauseAsync(world, 0.5, 2, cancellationToken);
        }
    }
}
