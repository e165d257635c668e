using Tidings.Faults.Checking;
using Tidings.Faults.Processes;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>Anything may break at any time, several things at once, and be mended before or after the next.</summary>
internal sealed class MixedFaults() : Scenario("mix", "nodes, links and Redis (always) break at random, several at once")
{
    protected override WorldOptions Options(ScenarioSettings settings) => settings.Full
        ? new WorldOptions { Channels = 16, WebSockets = 4, EventStreams = 2, Polls = 1, Clients = 1, Rate = 300, Publishers = 32, DurablePart = 0.5 }
        : new WorldOptions { Clients = 0, Rate = 150, DurablePart = 0.5 };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        var count = settings.Full ? 40 : 3;
        await Task.WhenAll(
            BreakNodesAsync(world, verdict, count, new Random(settings.Seed), cancellationToken),
            BreakLinksAsync(world, verdict, count, new Random(settings.Seed + 1), cancellationToken),
            BreakRedisAsync(world, verdict, count / 2, new Random(settings.Seed + 2), cancellationToken));
    }

    protected override void JudgeMore(FaultWorld world, LedgerReport report, Verdict verdict) =>
        verdict.Require(world.Counts.Refused == 0, $"{world.Counts.Refused} durable publishes were refused");

    private static async Task BreakNodesAsync(FaultWorld world, Verdict verdict, int count, Random random, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            var node = world.Nodes[random.Next(world.Nodes.Count)];
            if (random.Next(3) == 0)
            {
                node.Pause();
                await WaitAsync(random, 0.2, 3, cancellationToken);
                node.Continue();
            }
            else
            {
                await world.KillAsync(node);
                await WaitAsync(random, 0.1, 1, cancellationToken);
                await world.StartAsync(node);
            }

            verdict.Broke();
            await WaitAsync(random, 0.2, 3, cancellationToken);
        }
    }

    private static async Task BreakLinksAsync(FaultWorld world, Verdict verdict, int count, Random random, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            var link = world.Nodes[random.Next(world.Nodes.Count)].Link!;
            Action fault = random.Next(5) switch
            {
                0 => link.Cut,
                1 => link.HalfOpen,
                2 => link.Deafen,
                3 => () => link.Silence(LinkKind.Commands),
                _ => () => link.Silence(LinkKind.Subscriptions),
            };
            fault();
            await WaitAsync(random, 0.1, 4, cancellationToken);
            link.Heal();
            verdict.Broke();
            await WaitAsync(random, 0.2, 2, cancellationToken);
        }
    }

    private static async Task BreakRedisAsync(FaultWorld world, Verdict verdict, int count, Random random, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            await WaitAsync(random, 1, 6, cancellationToken);
            if (random.Next(2) == 0)
            {
                await world.Redis!.SendAsync("CLIENT", "KILL", "TYPE", random.Next(2) == 0 ? "pubsub" : "normal");
            }
            else
            {
                world.Redis!.Kill();
                await WaitAsync(random, 0.1, 1.5, cancellationToken);
                await world.Redis.StartAgainAsync();
            }

            verdict.Broke();
        }
    }

    private static Task WaitAsync(Random random, double shortest, double longest, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromSeconds(shortest + (random.NextDouble() * (longest - shortest))), cancellationToken);
}
