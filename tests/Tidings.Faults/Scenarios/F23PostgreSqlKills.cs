using Tidings.Faults.Checking;
using Tidings.Faults.Load;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>PostgreSQL, which is all that the nodes share, is killed, its sessions are ended, links are cut and nodes killed, while many publish in few channels, and transactions in SQL end late or roll back.</summary>
internal sealed class F23PostgreSqlKills() : Scenario("F23", "PostgreSQL as the engine is killed, sessions and links are cut, nodes are killed")
{
    private static readonly TimeSpan LongestReturn = TimeSpan.FromSeconds(5);

    private readonly StoreOutages _outages = new();

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
        using var finish = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 3).Select(i => new SqlWriter($"sql{i}", world.PublisherContext, () => world.PostgreSql!, new Random(world.Options.Seed + 3000 + i))).ToList();
        var writing = Task.WhenAll(writers.Select(writer => Task.Run(() => writer.RunAsync(finish.Token, cancellationToken), CancellationToken.None)));
        for (var round = 0; round < (settings.Full ? 30 : 2); round++)
        {
            await _outages.OfPostgreSqlAsync(world, settings.Full, cancellationToken);
            verdict.Broke();
            world.Nodes[world.Random.Next(world.Nodes.Count)].Database!.Cut();
            await PauseAsync(world, 0.1, 0.5, cancellationToken);
            await Task.Run(() => world.PostgreSql!.Query("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tidings%'"), cancellationToken);
            verdict.Broke();
            await PauseAsync(world, 0.1, 1, cancellationToken);
            if (round % 3 == 0)
            {
                var node = world.Nodes[world.Random.Next(world.Nodes.Count)];
                await world.KillAsync(node);
                await PauseAsync(world, 0.1, 1, cancellationToken);
                await world.StartAsync(node);
                verdict.Broke();
            }
        }

        await finish.CancelAsync();
        await writing;
        var committed = writers.Sum(static writer => writer.Committed);
        verdict.Measure("transactions", $"{committed}");
        verdict.Require(committed > 0, "no transaction committed");
    }

    protected override void JudgeMore(FaultWorld world, LedgerReport report, Verdict verdict)
    {
        _outages.Judge(world, verdict, LongestReturn);
        verdict.Require(world.Counts.Refused == 0, $"{world.Counts.Refused} durable publishes were refused");
    }
}
