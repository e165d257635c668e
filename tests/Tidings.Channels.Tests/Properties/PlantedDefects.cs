using TestKit;
using Tidings.Channels.Tests.Defects;
using Tidings.Channels.Tests.World;

namespace Tidings.Channels.Tests.Properties;

/// <summary>The ledger's self-test: each kind of mistake is found on every seed on which it happens.</summary>
public sealed class PlantedDefects
{
    private const int Runs = 10;

    private static readonly Dictionary<string, Func<int, Defect>> Kinds = new()
    {
        ["drop on the wire"] = seed => WireDefects.Drop(20 + seed),
        ["double on the wire"] = seed => WireDefects.Double(20 + seed),
        ["swap on the wire"] = seed => WireDefects.Swap(20 + seed),
        ["flip a byte"] = seed => WireDefects.Corrupt(20 + seed),
        ["swallow a gap"] = _ => WireDefects.SwallowGap(),
        ["stuck reader"] = _ => WireDefects.Mute(),
        ["phantom"] = seed => WireDefects.Invent(20 + seed),
        ["drop in the broker"] = seed => BrokerDefects.Drop(10 + seed),
        ["reused offset"] = seed => BrokerDefects.ReusedOffset(10 + seed),
        ["live differs from log"] = seed => BrokerDefects.OtherBytes(10 + seed),
        ["false continuity"] = _ => BrokerDefects.FalseContinuity(2),
        ["false gap"] = _ => BrokerDefects.FalseGap(2),
        ["second entry for a key"] = _ => BrokerDefects.SecondEntry(),
        ["accepted before written"] = seed => BrokerDefects.AckBeforeWrite(10 + seed),
    };

    public static TheoryData<string> Names => [.. Kinds.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_planted_defect_is_found(string kind)
    {
        var happened = 0;
        Seeds.Each(Runs, random =>
        {
            var defect = Kinds[kind](random.Next(10));
            using var schedule = new Schedule(random, defect);
            schedule.Run(steps: 800);
            if (defect.Happened)
            {
                happened++;
                Assert.True(schedule.Findings.Any(finding => defect.Signs.Contains(finding.Anomaly)), $"{defect}: found {string.Join("\n", schedule.Findings.Take(5))}");
            }
        });
        Assert.True(happened > 0, $"happened in {happened} of {Runs} runs");
    }
}
