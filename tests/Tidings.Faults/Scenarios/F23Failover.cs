using TestKit;
using Tidings.Faults.Checking;
using Tidings.Faults.Load;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>The PostgreSQL that the nodes share dies for good, and its replica is promoted: all epochs change, and nothing that was acknowledged as durable is lost where the replica was synchronous.</summary>
internal sealed class F23Failover(string id, string title, bool isSynchronous) : Scenario(id, title)
{
    protected override Expectations Expect { get; } = new() { EpochMayChange = true, DurableSurvives = isSynchronous };

    protected override WorldOptions Options(ScenarioSettings settings) => new()
    {
        Redis = null,
        PostgreSql = true,
        Nodes = settings.Full ? 3 : 2,
        Channels = settings.Full ? 4 : 2,
        Publishers = 20,
        Rate = settings.Full ? 200 : 60,
        DurablePart = 0.5,
    };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        for (var round = 0; round < (settings.Full ? 5 : 1); round++)
        {
            using var finish = new CancellationTokenSource();
            var primary = world.PostgreSql!;
            var writer = new SqlWriter($"sql{round}", world.PublisherContext, () => primary, new Random(world.Options.Seed + 3000 + round));
            var writing = Task.Run(() => writer.RunAsync(finish.Token, cancellationToken), CancellationToken.None);
            var replica = await Task.Run(() => PostgreSqlServer.ReplicaOf(primary), cancellationToken);
            if (isSynchronous)
            {
                primary.Query("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
                primary.Query("postgres", "SELECT pg_reload_conf()");
                await Eventually.TrueAsync(() => primary.Query("postgres", "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1", "the replica is synchronous");
            }

            await PauseAsync(world, 1, settings.Full ? 10 : 2, cancellationToken);
            primary.Kill();
            await Task.Run(() => replica.Query("postgres", "SELECT pg_promote()"), cancellationToken);
            world.MoveTo(replica);
            verdict.Broke();
            var answers = world.Journal.Now();
            await Eventually.TrueAsync(() => world.Counts.FirstAcceptedAfter(answers) is not null, "something is accepted again", TimeSpan.FromSeconds(30));
            verdict.Measure("accepts again after", $"{TimeSpan.FromTicks(world.Counts.FirstAcceptedAfter(answers)!.Value - answers).TotalSeconds:0.0} s");
            await finish.CancelAsync();
            await writing;
            await PauseAsync(world, 0.5, 2, cancellationToken);
        }
    }
}
