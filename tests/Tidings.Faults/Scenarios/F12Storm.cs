using Tidings.Faults.Checking;
using Tidings.Faults.Journals;
using Tidings.Faults.Readers;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>Many who hardly listen are on one node when it dies, and come to the others at once.</summary>
internal sealed class F12Storm() : Scenario("F12", "a crowd loses its node and comes to the others at once")
{
    private static readonly TimeSpan LongestReturn = TimeSpan.FromSeconds(20);

    private readonly List<Reader> _crowd = [];
    private double? _before;
    private double? _after;
    private long _memoryBefore;
    private long _memoryAfter;

    protected override WorldOptions Options(ScenarioSettings settings) => settings.Full
        ? new WorldOptions { Channels = 50, WebSockets = 1, EventStreams = 0, Polls = 0, Clients = 0, Rate = 500, Publishers = 32 }
        : new WorldOptions { Channels = 20, WebSockets = 1, EventStreams = 0, Polls = 0, Clients = 0, Rate = 100 };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        var victim = world.Nodes[0];
        var count = settings.Full ? 5000 : 500;
        foreach (var other in world.Nodes.Skip(1))
        {
            world.SetDown(other, down: true);
        }

        for (var i = 0; i < count; i++)
        {
            var reader = new WebSocketReader(world.ReaderContext, new SubscriptionTerms($"crowd{i}", world.Options.ChannelNames[i % world.Options.Channels]), new Random(settings.Seed + 10_000 + i));
            _crowd.Add(reader);
            world.Add(reader);
            if (i % 50 == 49)
            {
                await TestKit.Eventually.TrueAsync(() => _crowd.TrueForAll(static reader => reader.IsLive), "the crowd is there", TimeSpan.FromSeconds(30));
            }
        }

        foreach (var other in world.Nodes.Skip(1))
        {
            world.SetDown(other, down: false);
        }

        _before = await LagAsync(world, settings, cancellationToken);
        _memoryBefore = world.Nodes.Skip(1).Max(static node => ResidentBytes(node.ProcessId!.Value));
        await world.KillAsync(victim);
        verdict.Broke();
        await F08HalfOpen.WaitAsync(() => _crowd.TrueForAll(static reader => reader.IsLive && reader.Outages.Count > 0), 60, cancellationToken);
        _after = await LagAsync(world, settings, cancellationToken);
        _memoryAfter = world.Nodes.Skip(1).Max(static node => ResidentBytes(node.ProcessId!.Value));
        await world.StartAsync(victim);
    }

    protected override void JudgeMore(FaultWorld world, LedgerReport report, Verdict verdict)
    {
        var outages = Outages.Of(_crowd);
        verdict.Require(outages.Count >= _crowd.Count, $"{outages.Count} of {_crowd.Count} came back");
        verdict.Measure("clients", $"{_crowd.Count}");
        verdict.Measure("last back after", $"{outages.Percentile(1).TotalSeconds:0.0} s");
        verdict.Require(outages.Percentile(1) <= LongestReturn, $"the last came back after {outages.Percentile(1).TotalSeconds:0.0} s");
        verdict.Measure("lag p99 before, after", $"{_before:0.0}, {_after:0.0} ms");
        verdict.Measure("memory of a survivor", $"{_memoryBefore / 1048576} → {_memoryAfter / 1048576} MB");
        verdict.Require(report.Recoveries >= 0.99 * report.Returns, $"{report.Recoveries} of {report.Returns} recovered");
    }

    private static async Task<double?> LagAsync(FaultWorld world, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        world.Lags.Clear();
        world.Lags.IsOn = true;
        await Task.Delay(TimeSpan.FromSeconds(settings.Full ? 10 : 2), cancellationToken);
        world.Lags.IsOn = false;
        return world.Lags.Percentile(0.99);
    }

    private static long ResidentBytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(static line => line.StartsWith("VmRSS", StringComparison.Ordinal));
        return 1024 * long.Parse(string.Concat(line.Where(char.IsAsciiDigit)), System.Globalization.CultureInfo.InvariantCulture);
    }
}
