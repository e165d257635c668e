using System.Globalization;
using Tidings.Bench.Mutants.Running;

namespace Tidings.Bench.Mutants;

/// <summary>What came out, by area, and who survived.</summary>
internal static class Report
{
    public static IEnumerable<string> Lines(IReadOnlyList<Verdict> verdicts, IReadOnlyList<Verdict> controls, int planted)
    {
        yield return "| area | mutants | killed | of these by time | survived | score |";
        yield return "| --- | --- | --- | --- | --- | --- |";
        foreach (var area in verdicts.GroupBy(static verdict => verdict.Mutant.Area))
        {
            yield return Row(area.Key, [.. area]);
        }

        yield return Row("all", verdicts);
        yield return "";
        yield return $"Drawn from {planted.ToString("N0", CultureInfo.InvariantCulture)} mutants.";
        foreach (var control in new[] { Mutant.Same, Mutant.Throws })
        {
            var ran = controls.Where(verdict => verdict.Mutant.Control == control).ToList();
            yield return $"Controls that {(control == Mutant.Same ? "change nothing: " : "throw: ")}{ran.Count(static verdict => verdict.IsKilled)} of {ran.Count} killed.";
        }

        var survivors = verdicts.Where(static verdict => !verdict.IsKilled).ToList();
        if (survivors.Count > 0)
        {
            yield return "";
            yield return "Survivors:";
            foreach (var verdict in survivors)
            {
                yield return $"| {verdict.Mutant.Key} | {verdict.Mutant.File}:{verdict.Mutant.Line}{(verdict.IsReached ? "" : ", no test comes by")} |";
            }
        }
    }

    public static double Score(IReadOnlyCollection<Verdict> verdicts) => verdicts.Count == 0 ? 1 : verdicts.Count(static verdict => verdict.IsKilled) / (double)verdicts.Count;

    private static string Row(string name, IReadOnlyCollection<Verdict> verdicts)
    {
        var killed = verdicts.Count(static verdict => verdict.IsKilled);
        var byTime = verdicts.Count(static verdict => verdict.Run.Outcome == Outcome.TimedOut);
        return $"| {name} | {verdicts.Count} | {killed} | {byTime} | {verdicts.Count - killed} | {Score(verdicts).ToString("0.0 %", CultureInfo.InvariantCulture)} |";
    }
}
