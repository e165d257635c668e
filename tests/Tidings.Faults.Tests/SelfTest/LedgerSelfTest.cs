using TestKit;
using Tidings.Faults.Checking;

namespace Tidings.Faults.Tests.SelfTest;

/// <summary>A ledger that cannot find what is wrong proves nothing: each of twelve planted defects is found on each of ten seeds, and nothing where there is none.</summary>
public sealed class LedgerSelfTest
{
    private const int Runs = 10;

    public static TheoryData<PlantedDefect> Defects => [.. Enum.GetValues<PlantedDefect>().Where(static defect => defect != PlantedDefect.None)];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_right_run_gives_no_alarm(bool restarts) => Seeds.Each(Runs, random =>
    {
        var report = new SimulatedRun(random.Next(), PlantedDefect.None, restarts).Run();
        Assert.True(report.IsClean, report.ToString());
        Assert.True(report is { Delivered: > 100_000, Accepted: > 5_000, Recoveries: > 100 }, report.ToString());
        Assert.Equal(restarts, report.Gaps > 0);
    });

    [Theory]
    [MemberData(nameof(Defects))]
    public void A_planted_defect_is_found(PlantedDefect defect) => Seeds.Each(Runs, random =>
    {
        var run = new SimulatedRun(random.Next(), defect, restarts: defect is PlantedDefect.ReusedOffset or PlantedDefect.SwallowedGap);
        var report = run.Run();
        Assert.True(run.Happened, "it had no occasion");
        Assert.True(SignsOf(defect).Any(report.Has), report.ToString());
    });

    private static Anomaly[] SignsOf(PlantedDefect defect) => defect switch
    {
        PlantedDefect.Drop => [Anomaly.Lost],
        PlantedDefect.Swap => [Anomaly.Order],
        PlantedDefect.Repeat => [Anomaly.Duplicate],
        PlantedDefect.ReusedOffset => [Anomaly.Fork],
        PlantedDefect.FlippedBit => [Anomaly.Corrupt],
        // Told that all was recovered, or taking the new log's messages for the old one's.
        PlantedDefect.SwallowedGap => [Anomaly.FalseContinuity, Anomaly.Fork, Anomaly.Stuck],
        PlantedDefect.EarlyAnswer => [Anomaly.Durability],
        PlantedDefect.UncheckedReplay => [Anomaly.Leak],
        PlantedDefect.GhostPresence => [Anomaly.Presence],
        PlantedDefect.SecondEntry => [Anomaly.Idempotency],
        PlantedDefect.InvertedOrder => [Anomaly.Order],
        _ => [Anomaly.Stuck],
    };
}
