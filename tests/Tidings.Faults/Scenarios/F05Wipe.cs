using TestKit;
using Tidings.Faults.Checking;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>What Redis holds is gone, all or in part: emptied, restarted without persistence, single keys evicted.</summary>
internal sealed class F05Wipe() : Scenario("F5", "Redis is emptied, restarted without its data, loses single keys")
{
    private int _wipes;

    protected override Expectations Expect { get; } = new() { EpochMayChange = true, MayTrim = true, MayTrimLive = true, DurableSurvives = false };

    protected override WorldOptions Options(ScenarioSettings settings) =>
        new() { Redis = RedisPersistence.None, Nodes = settings.Full ? 3 : 2, Channels = settings.Full ? 24 : 8, Rate = settings.Full ? 500 : 200 };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        for (var round = 0; round < (settings.Full ? 10 : 1); round++)
        {
            await world.Redis!.SendAsync("FLUSHALL");
            await BrokeAsync();
            world.Redis.Kill();
            await PauseAsync(world, 0.1, 0.5, cancellationToken);
            await world.Redis.StartAgainAsync();
            await BrokeAsync();
            for (var key = 0; key < (settings.Full ? 10 : 4); key++)
            {
                await world.Redis.SendAsync("DEL", await world.Redis.AskAsync("RANDOMKEY"));
                await BrokeAsync();
            }

            // The store is full, and throws out what it likes.
            await world.Redis.SendAsync("CONFIG", "SET", "maxmemory-policy", "allkeys-random");
            await world.Redis.SendAsync("CONFIG", "SET", "maxmemory", "2mb");
            await PauseAsync(world, 0.5, 1, cancellationToken);
            await world.Redis.SendAsync("CONFIG", "SET", "maxmemory", "0");
            await BrokeAsync();
        }

        async Task BrokeAsync()
        {
            _wipes++;
            verdict.Broke();
            await PauseAsync(world, 0.5, 1, cancellationToken);
        }
    }

    protected override void JudgeMore(FaultWorld world, LedgerReport report, Verdict verdict)
    {
        verdict.Require(report.Gaps >= world.Subscribers.Count(), $"{report.Gaps} gaps for {world.Subscribers.Count()} subscriptions whose log was lost");

        // Evictions are many losses, and count as often as they happen.
        verdict.Measure("wipes", $"{_wipes}");
    }
}
