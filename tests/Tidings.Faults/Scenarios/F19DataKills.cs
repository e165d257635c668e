using TestKit;
using Tidings.Faults.Checking;
using Tidings.Faults.Processes;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>A single node with a directory is killed at random moments, some of them in its start: nothing that anybody was shown or told is missing, and nobody is told of a loss.</summary>
internal sealed class F19DataKills() : Scenario("F19", "a single node with --data is killed")
{
    private readonly List<TimeSpan> _starts = [];

    protected override WorldOptions Options(ScenarioSettings settings) => settings.Full
        ? new WorldOptions { Nodes = 1, Redis = null, Data = true, Channels = 16, WebSockets = 3, Rate = 400, Publishers = 32, DurablePart = 0.3 }
        : new WorldOptions { Nodes = 1, Redis = null, Data = true, Clients = 0, DurablePart = 0.3 };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        await using var boards = new StateBoards(world);
        var node = world.Nodes[0];
        // Three are short enough for the tests: readers wait twice as long after each attempt that fails.
        var (kills, turn) = settings.Full ? (200, 4) : (3, 2);
        for (var kill = 0; kill < kills; kill++)
        {
            await world.KillAsync(node);
            if (kill % turn == turn - 1)
            {
                await KillInItsStartAsync(world, node, cancellationToken);
            }

            var began = TimeProvider.System.GetTimestamp();
            await world.StartAsync(node);
            _starts.Add(TimeProvider.System.GetElapsedTime(began));
            verdict.Broke();
            await boards.CheckAsync();
            await PauseAsync(world, 0.1, settings.Full ? 1.5 : 0.8, cancellationToken);
        }

        await boards.SettleAsync(verdict);
    }

    protected override void JudgeMore(FaultWorld world, LedgerReport report, Verdict verdict)
    {
        _starts.Sort();
        verdict.Measure("start p50", $"{_starts[_starts.Count / 2].TotalSeconds:0.00} s");
        verdict.Measure("longest", $"{_starts[^1].TotalSeconds:0.00} s");
        verdict.Require(report.Recoveries >= 0.99 * report.Returns, $"{report.Recoveries} of {report.Returns} recovered");
        var durable = world.Journal.Channels.SelectMany(static channel => channel.Attempts).Count(static attempt => attempt is { Publish.Durable: true, Answers.Count: > 0 });
        verdict.Measure("durable", $"{durable}");
        verdict.Require(durable > 0, "nothing was accepted as durable");
    }

    private static async Task KillInItsStartAsync(FaultWorld world, ServerNode node, CancellationToken cancellationToken)
    {
        var starting = node.StartAsync();
        await PauseAsync(world, 0.02, 0.6, cancellationToken);
        await node.KillAsync();
        try
        {
            await starting;
        }
        catch (Exception error) when (error is ExpectationException or ObjectDisposedException or InvalidOperationException)
        {
            // It was killed before it answered.
        }
    }
}
