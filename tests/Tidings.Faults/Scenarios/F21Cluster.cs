using TestKit;
using Tidings.Faults.Checking;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>A Redis Cluster loses masters, fails over by hand, moves slots while they are written to, and has a master stand still for longer than the others wait for it.</summary>
internal sealed class F21Cluster() : Scenario("F21", "a Redis Cluster fails over and moves slots")
{
    private const int Slots = 16384;
    private const int Masters = 3;

    // Slots in which nodes have keys: of sixteen that lie 1,024 apart.
    private static readonly int[] s_used = [511, 1584, 2417, 3564, 4574, 5649, 6480, 7629, 8795, 9842, 10679, 11694, 13006, 13907, 14742, 15759];

    private static readonly TimeSpan LongestReturn = TimeSpan.FromSeconds(15);

    protected override Expectations Expect { get; } = new() { EpochMayChange = true, DurableSurvives = false };

    protected override WorldOptions Options(ScenarioSettings settings) =>
        new() { Nodes = settings.Full ? 3 : 2, Channels = settings.Full ? 48 : 12, Rate = settings.Full ? 300 : 100, Cluster = true };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        var cluster = world.Cluster!;
        for (var round = 0; round < (settings.Full ? 5 : 1); round++)
        {
            var slot = s_used[world.Random.Next(s_used.Length)];
            await KillAsync(slot);
            await FailOverAsync(s_used[world.Random.Next(s_used.Length)]);
            await MoveAsync(s_used[world.Random.Next(s_used.Length)]);
            await StandStillAsync(s_used[world.Random.Next(s_used.Length)]);
            settings.Say($"  round {round + 1}");
        }

        // A master dies, its replica leads, and the old one comes back and follows.
        async Task KillAsync(int slot)
        {
            var (leader, others) = await LeaderAsync(slot);
            await leader.KillAsync();
            await LedByAnotherAsync(slot, leader, others);
            await AcceptsAsync("a master was killed");
            await leader.StartAgainAsync();
            await FollowsAsync(leader);
        }

        async Task FailOverAsync(int slot)
        {
            var (leader, others) = await LeaderAsync(slot);
            var id = await leader.AskAsync("CLUSTER", "MYID");
            var replica = cluster.Servers.Single(server => server.AskAsync("CLUSTER", "NODES").GetAwaiter().GetResult().Split('\n').Any(line => line.Contains("myself,slave " + id, StringComparison.Ordinal)));

            // A failover by hand that the servers do not agree on within five seconds is given up, and asked for again.
            for (var times = 0; times < 10 && await cluster.LeaderOfAsync(slot, others[0]) == leader; times++)
            {
                await replica.SendAsync("CLUSTER", "FAILOVER");
                await Task.Delay(TimeSpan.FromSeconds(6), cancellationToken);
            }

            await LedByAnotherAsync(slot, leader, others);
            await AcceptsAsync("a failover by hand");
        }

        async Task MoveAsync(int slot)
        {
            var (leader, others) = await LeaderAsync(slot);
            foreach (var far in new[] { (slot + (Slots / Masters)) % Slots, (slot + (2 * Slots / Masters)) % Slots })
            {
                if (await cluster.LeaderOfAsync(far, others[0]) is var target && target != leader)
                {
                    await cluster.MoveAsync(slot, leader, target);
                    await AcceptsAsync("a slot moved");
                    return;
                }
            }
        }

        // It still holds itself for the master when it goes on.
        async Task StandStillAsync(int slot)
        {
            var (leader, others) = await LeaderAsync(slot);
            leader.Stop();
            await LedByAnotherAsync(slot, leader, others);
            await AcceptsAsync("a master stood still");
            leader.Continue();
            await FollowsAsync(leader);
        }

        async Task<(RedisServer Leader, RedisServer[] Others)> LeaderAsync(int slot)
        {
            var leader = await cluster.LeaderOfAsync(slot);
            return (leader, [.. cluster.Servers.Where(server => server != leader)]);
        }

        Task LedByAnotherAsync(int slot, RedisServer leader, RedisServer[] others) => Eventually.TrueAsync(
            async () => await cluster.LeaderOfAsync(slot, others[0]) != leader && await cluster.LeaderOfAsync(slot, others[^1]) != leader, static () => "another leads", TimeSpan.FromSeconds(60));

        Task FollowsAsync(RedisServer server) => Eventually.TrueAsync(
            async () => (await server.AskAsync("INFO", "replication")) is var info && info.Contains("role:slave", StringComparison.Ordinal) && info.Contains("master_link_status:up", StringComparison.Ordinal),
            static () => "the old master follows",
            TimeSpan.FromSeconds(60));

        async Task AcceptsAsync(string after)
        {
            verdict.Broke();
            var from = world.Journal.Now();
            foreach (var channel in world.Options.ChannelNames)
            {
                await Eventually.TrueAsync(() => world.Counts.FirstAcceptedAfter(from, channel) is not null, $"something is accepted in {channel} after {after}", LongestReturn);
            }

            await PauseAsync(world, 1, 3, cancellationToken);
        }
    }
}
