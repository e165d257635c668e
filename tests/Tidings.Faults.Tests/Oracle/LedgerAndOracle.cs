using FsCheck;
using FsCheck.Fluent;
using Tidings.Faults.Checking;

namespace Tidings.Faults.Tests.Oracle;

/// <summary>The ledger, which is fast, and the oracle, which is slow and plain, say the same of each history.</summary>
public sealed class LedgerAndOracle(ITestOutputHelper output)
{
    private const int Histories = 100_000;

    private static readonly Expectations[] Kinds =
    [
        new() { RevocationLimit = History.RevocationLimit },
        new() { RevocationLimit = History.RevocationLimit, EpochMayChange = true },
        new() { RevocationLimit = History.RevocationLimit, MayTrimLive = true, DurableSurvives = false },
    ];

    [Fact]
    public void The_ledger_finds_what_a_naive_oracle_finds()
    {
        var found = new Dictionary<string, int>();
        var clean = 0;
        var cases =
            from seed in Gen.Choose(0, int.MaxValue)
            from steps in Gen.Choose(1, 40)
            from oneIn in Gen.Elements(3, 10, 1000)
            select (seed, steps, oneIn);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Histories), Prop.ForAll(cases.ToArbitrary(), one =>
        {
            var history = HistoryGenerator.Make(one.seed, one.steps, one.oneIn);
            var expectations = Kinds[one.seed % Kinds.Length];
            var expected = new NaiveOracle(history, expectations).Run();
            var actual = Ledger.Check(history.Journal, expectations).Findings.Select(Sign).ToHashSet(StringComparer.Ordinal);
            Assert.True(actual.SetEquals(expected), $"{one}: the ledger found {string.Join(", ", actual.Order())}; the oracle {string.Join(", ", expected.Order())}");
            clean += expected.Count == 0 ? 1 : 0;
            foreach (var sign in expected)
            {
                found[sign] = found.GetValueOrDefault(sign) + 1;
            }
        }));
        output.WriteLine($"{clean} of {Histories} histories were right; {string.Join(", ", found.OrderBy(static kind => kind.Key).Select(static kind => $"{kind.Key} {kind.Value}"))}");
        Assert.InRange(clean, Histories / 10, Histories);
        Assert.All(Enum.GetValues<Anomaly>().Where(static kind => kind is not (Anomaly.Presence or Anomaly.Unbounded)), kind =>
            Assert.Contains(found.Keys, sign => sign.StartsWith($"{kind} ", StringComparison.Ordinal)));
    }

    // Of a log's own faults it does not matter who came upon them first.
    private static string Sign(Finding finding) => finding.Anomaly switch
    {
        Anomaly.Fork or Anomaly.Phantom or Anomaly.Corrupt or Anomaly.Idempotency or Anomaly.Durability => $"{finding.Anomaly} ",
        _ => $"{finding.Anomaly} {(finding.Who == "the log" ? "log" : finding.Who)}",
    };
}
