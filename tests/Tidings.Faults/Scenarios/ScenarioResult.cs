using Tidings.Faults.Checking;

namespace Tidings.Faults.Scenarios;

/// <summary>One row of the table in <c>docs/reliability.md</c>.</summary>
internal sealed record ScenarioResult(string Id, string Title, int Seed, bool Full, LedgerReport Report, Verdict Verdict, TimeSpan Took)
{
    public const string Head =
        "| scenario | faults survived | accepted | deliveries checked | lost | forked | doubled | reordered | gaps announced | recovered | beside | reproduce |\n"
        + "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |";

    public bool Passed => Verdict.Passed;

    public string Command => $"./benchmark --faults {Id}{(Full ? "" : " --quick")} --seed {Seed}";

    public string Row =>
        $"| {Id} {Title} | {Verdict.Faults} | {Report.Accepted:N0} | {Report.Delivered:N0} | {Report.Count(Anomaly.Lost) + Report.Count(Anomaly.Durability)} "
        + $"| {Report.Count(Anomaly.Fork)} | {Report.Count(Anomaly.Duplicate) + Report.Count(Anomaly.Idempotency)} | {Report.Count(Anomaly.Order)} | {Report.Gaps} "
        + $"| {Report.Recoveries} of {Report.Returns} | {string.Join(", ", Verdict.Measures.Select(static measure => $"{measure.Key} {measure.Value}"))} | `{Command}` |";

    public override string ToString() =>
        $"{Id}: {(Passed ? "passed" : "FAILED: " + string.Join("; ", Verdict.Failures))}; {Verdict.Faults} faults, {Report.Accepted} accepted, {Report.Delivered} delivered, "
        + $"{Report.Gaps} gaps, {Report.Recoveries} of {Report.Returns} recovered; {string.Join(", ", Verdict.Measures.Select(static measure => $"{measure.Key} {measure.Value}"))}; {Took.TotalSeconds:0} s";
}
