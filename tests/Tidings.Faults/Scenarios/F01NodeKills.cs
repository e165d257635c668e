using Tidings.Faults.Checking;
using Tidings.Faults.Readers;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>Each node in turn is killed under load, and comes back.</summary>
internal sealed class F01NodeKills() : Scenario("F1", "nodes are killed, one after the other")
{
    private static readonly TimeSpan LongestOutage = TimeSpan.FromSeconds(3);

    protected override WorldOptions Options(ScenarioSettings settings) => settings.Full
        ? new WorldOptions { Channels = 24, WebSockets = 6, EventStreams = 2, Polls = 1, Clients = 1, Rate = 500, Publishers = 32, DurablePart = 0.5 }
        : new WorldOptions { DurablePart = 0.5 };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        for (var kill = 0; kill < (settings.Full ? 60 : 5); kill++)
        {
            var node = world.Nodes[kill % world.Nodes.Count];
            await world.KillAsync(node);
            await PauseAsync(world, 0.2, settings.Full ? 4 : 0.6, cancellationToken);
            await world.StartAsync(node);
            verdict.Broke();
            await PauseAsync(world, 0.2, settings.Full ? 6 : 0.8, cancellationToken);
        }
    }

    protected override void JudgeMore(FaultWorld world, LedgerReport report, Verdict verdict)
    {
        // The .NET client waits longer each time when its connections last less than five seconds, as they may here.
        var outages = Outages.Of(world.Subscribers.Where(static reader => reader is not ClientReader));
        verdict.Measure("outage p99", $"{outages.Percentile(0.99).TotalSeconds:0.00} s");
        verdict.Measure("of the .NET client", $"{Outages.Of(world.Subscribers.OfType<ClientReader>()).Percentile(0.99).TotalSeconds:0.00} s");
        verdict.Require(outages.Percentile(0.99) <= LongestOutage, $"one of a hundred outages took over {LongestOutage.TotalSeconds} s");
        verdict.Require(report.Recoveries >= 0.99 * report.Returns, $"{report.Recoveries} of {report.Returns} recovered");
    }
}
