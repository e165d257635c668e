using TestKit;
using Tidings.Faults.Checking;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>Redis goes on from data that say that they are complete and are not: those of a replica that lags, of a file that was switched off, of an old copy.</summary>
internal sealed class F20CopiedEvidence() : Scenario("F20", "Redis goes on from data that seem complete and are not")
{
    protected override Expectations Expect { get; } = new() { EpochMayChange = true, DurableSurvives = false };

    protected override WorldOptions Options(ScenarioSettings settings) =>
        new() { Nodes = settings.Full ? 3 : 2, Channels = settings.Full ? 24 : 8, Rate = settings.Full ? 300 : 100 };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        await using var replica = await ReplicaOfRedis.StartAsync(world);
        for (var round = 0; round < (settings.Full ? 5 : 1); round++)
        {
            await LeadAsync(promoted: false);
            await LeadAsync(promoted: true);
            await SwitchOffAsync(on: false);
            await SwitchOffAsync(on: true);
            await PutBackAsync();
        }

        // The replica lags, and is started as the master; then the old one comes back.
        async Task LeadAsync(bool promoted)
        {
            await replica.CutOffAsync();
            await PauseAsync(world, 0.5, 2, cancellationToken);
            await world.Redis!.KillAsync();
            if (promoted)
            {
                await replica.Server.SendAsync("REPLICAOF", "NO", "ONE");
            }

            await replica.Server.KillAsync();
            await replica.Server.StartAgainAsync();
            Move(replica.Server);
            await AcceptsAsync();
            await world.Redis.StartAgainAsync();
            Move(world.Redis);
            await AcceptsAsync();
            replica.Reconnect();
            await replica.FollowAsync();
        }

        // The file is off for a while, and a restart reads what it had before.
        async Task SwitchOffAsync(bool on)
        {
            await world.Redis!.SendAsync("CONFIG", "SET", "rdb-key-save-delay", "200000");
            await world.Redis.SendAsync("CONFIG", "SET", "appendonly", "no");
            await PauseAsync(world, 0, 2, cancellationToken);
            if (on)
            {
                _ = world.Redis.SendAsync("CONFIG", "SET", "appendonly", "yes");
                await PauseAsync(world, 0.5, 2, cancellationToken);
            }

            await RestartAsync(static () => { });
        }

        // Nothing in it tells that it is old; the nodes know.
        async Task PutBackAsync()
        {
            FileCopy? copy = null;
            await RestartAsync(() => copy = world.Redis!.Copy());
            await PauseAsync(world, 2, 4, cancellationToken);
            await RestartAsync(() => copy!.PutBack());
            copy!.Dispose();
        }

        async Task RestartAsync(Action meanwhile)
        {
            await world.Redis!.KillAsync();
            meanwhile();
            await world.Redis.StartAgainAsync();
            Move(world.Redis);
            await AcceptsAsync();
        }

        void Move(RedisServer server)
        {
            foreach (var node in world.Nodes)
            {
                node.Link!.MoveTo(server);
            }
        }

        async Task AcceptsAsync()
        {
            verdict.Broke();
            var from = world.Journal.Now();
            await Eventually.TrueAsync(() => world.Counts.FirstAcceptedAfter(from) is not null, "something is accepted again", TimeSpan.FromSeconds(30));
            await PauseAsync(world, 1, 3, cancellationToken);
        }
    }
}
