using Tidings.Faults.Checking;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <param name="Full">Whether it runs at full length, or in the short form of the tests.</param>
/// <param name="Seed">What is drawn at random.</param>
/// <param name="Say">Where it tells how far it is.</param>
internal sealed record ScenarioSettings(bool Full, int Seed, Action<string> Say);

/// <summary>Something breaks while messages flow: a quiet beginning, faults, healing, a fence in each channel, and the ledger.</summary>
internal abstract class Scenario(string id, string title)
{
    public string Id => id;
    public string Title => title;

    public async Task<ScenarioResult> RunAsync(ScenarioSettings settings, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        var verdict = new Verdict();
        settings.Say($"{Id} {Title}, seed {settings.Seed}");
        await using var world = await FaultWorld.StartAsync(Options(settings) with { Seed = settings.Seed }, RedisSettings(settings));
        world.StartPublishing();
        await QuietAsync(world, settings, cancellationToken);
        await BreakAsync(world, verdict, settings, cancellationToken);
        settings.Say($"  healed after {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0} s");
        var settled = await world.SettleAsync();
        verdict.Measure("settled", $"{settled.Took.TotalSeconds:0.0} s");
        settings.Say($"  settled after {settled.Took.TotalSeconds:0.0} s, last {settled.Last ?? "nobody"}");
        var report = await world.JudgeAsync(Expect);
        Judge(world, report, verdict);
        if (!verdict.Passed)
        {
            verdict.Note("\n" + report + "\n" + string.Join("\n", world.Nodes.Select(static node => $"{node.Name} said last: {node.Output}")));
        }

        var result = new ScenarioResult(Id, Title, settings.Seed, settings.Full, report, verdict, TimeProvider.System.GetElapsedTime(started));
        settings.Say($"  {result}");
        return result;
    }

    protected abstract WorldOptions Options(ScenarioSettings settings);

    protected virtual string[] RedisSettings(ScenarioSettings settings) => [];

    /// <summary>What is no false alarm here.</summary>
    protected virtual Expectations Expect { get; } = new();

    /// <summary>Breaks things, and mends them.</summary>
    protected abstract Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken);

    /// <summary>What must hold beside the ledger.</summary>
    protected virtual void JudgeMore(FaultWorld world, LedgerReport report, Verdict verdict)
    {
    }

    /// <summary>Waits a part of a second at random, or several seconds in the full form.</summary>
    protected static Task PauseAsync(FaultWorld world, double shortest, double longest, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromSeconds(shortest + (world.Random.NextDouble() * (longest - shortest))), cancellationToken);

    private static async Task QuietAsync(FaultWorld world, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        // The first seconds compile the nodes' code.
        await Task.Delay(TimeSpan.FromSeconds(settings.Full ? 5 : 0.5), cancellationToken);
        world.Lags.IsOn = true;
        await Task.Delay(TimeSpan.FromSeconds(settings.Full ? 10 : 1), cancellationToken);
        world.Lags.IsOn = false;
    }

    private void Judge(FaultWorld world, LedgerReport report, Verdict verdict)
    {
        foreach (var anomaly in Enum.GetValues<Anomaly>().Where(static anomaly => anomaly != Anomaly.FalseGap))
        {
            verdict.Require(report.Count(anomaly) == 0, $"{report.Count(anomaly)} {anomaly}");
        }

        verdict.Require(report.Count(Anomaly.FalseGap) <= Math.Max(0, report.Returns / 100), $"{report.Count(Anomaly.FalseGap)} false gaps in {report.Returns} returns");
        verdict.Require(report.Accepted > 0 && report.Delivered > report.Accepted, $"{report.Accepted} accepted, {report.Delivered} delivered");
        if (world.Lags.Percentile(0.99) is { } lag)
        {
            verdict.Measure("lag p50", $"{world.Lags.Percentile(0.5):0.0} ms");
            verdict.Measure("lag p99", $"{lag:0.0} ms");
        }

        JudgeMore(world, report, verdict);
    }
}
