using Tidings.Faults.Checking;
using Tidings.Faults.Readers;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>Each node is asked to go and started again, while messages flow.</summary>
internal sealed class F15RollingUpgrade() : Scenario("F15", "each node is restarted in turn, as an upgrade does")
{
    private const int Draining = 4100;

    // After its drain a node has ten seconds for those who do not answer.
    private static readonly TimeSpan LongestClose = TimeSpan.FromSeconds(10);

    private readonly List<TimeSpan> _drains = [];

    protected override WorldOptions Options(ScenarioSettings settings) => settings.Full
        ? new WorldOptions { Channels = 24, WebSockets = 6, EventStreams = 2, Polls = 1, Clients = 1, Rate = 500, Publishers = 32, DurablePart = 0.5, Drain = TimeSpan.FromSeconds(20) }
        : new WorldOptions { DurablePart = 0.5, Drain = TimeSpan.FromSeconds(2) };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        for (var round = 0; round < (settings.Full ? 2 : 1); round++)
        {
            foreach (var node in world.Nodes)
            {
                world.SetDown(node, down: true);
                var started = TimeProvider.System.GetTimestamp();
                await node.TerminateAsync();
                _drains.Add(TimeProvider.System.GetElapsedTime(started));
                await world.StartAsync(node);
                verdict.Broke();
                await PauseAsync(world, settings.Full ? 5 : 0.3, settings.Full ? 10 : 1, cancellationToken);
            }
        }
    }

    protected override void JudgeMore(FaultWorld world, LedgerReport report, Verdict verdict)
    {
        verdict.Measure("drained within", $"{_drains.Max().TotalSeconds:0.0} s");
        verdict.Require(_drains.Max() <= world.Options.Drain + LongestClose, $"a node took {_drains.Max().TotalSeconds:0.0} s to drain");
        var codes = world.Subscribers.Where(static reader => reader is not PollReader).SelectMany(static reader => reader.CloseCodes).ToList();
        verdict.Measure("closed with", string.Join(", ", codes.CountBy(static code => code).Select(static code => $"{code.Key} × {code.Value}")));
        verdict.Require(codes.Count > 0 && codes.TrueForAll(static code => code == Draining), "a connection did not end with the code that says that the node drains");
        verdict.Require(report.Recoveries == report.Returns, $"{report.Recoveries} of {report.Returns} recovered");
        var peak = PeakWithinOneSecond(world.Subscribers.SelectMany(static reader => reader.Returns));
        verdict.Measure("came back within one second at most", $"{peak} of {world.Subscribers.Count()}");
        if (world.Options.Drain >= LongestClose)
        {
            verdict.Require(peak <= world.Subscribers.Count() / 6, $"{peak} came back within one second");
        }

        verdict.Measure("outage p99", $"{Outages.Of(world.Subscribers).Percentile(0.99).TotalSeconds:0.00} s");
    }

    private static int PeakWithinOneSecond(IEnumerable<long> times)
    {
        var sorted = times.Order().ToList();
        var (peak, first) = (0, 0);
        for (var last = 0; last < sorted.Count; last++)
        {
            while (sorted[last] - sorted[first] > TimeSpan.TicksPerSecond)
            {
                first++;
            }

            peak = Math.Max(peak, last - first + 1);
        }

        return peak;
    }
}
