using System.Globalization;

namespace Tidings.Bench.Mutants.Running;

/// <param name="Mutant">Which one.</param>
/// <param name="IsReached">Whether any test comes by it.</param>
/// <param name="Run">The run that killed it, or the last of those that did not.</param>
internal sealed record Verdict(Mutant Mutant, bool IsReached, TestRun Run)
{
    public bool IsKilled => Run.Outcome != Outcome.Passed;
}

/// <summary>Lets the tests look for one mutant after the other.</summary>
/// <param name="classes">All classes of tests, with what they come by.</param>
/// <param name="most">How long the tests of one mutant may take together; the quickest come first.</param>
internal sealed class Hunt(IReadOnlyList<TestClass> classes, TimeSpan most)
{
    // What one process costs before its first test.
    private const double Start = 0.7;

    // Classes that take no longer share a process.
    private const double Short = 2.5;

    public async Task<Verdict> FindAsync(Mutant mutant)
    {
        var reaching = classes.Where(test => test.Reached.Contains(mutant.Id)).OrderBy(static test => test.Seconds).ToList();
        var last = new TestRun(Outcome.Passed, null, 0);
        var spent = 0.0;
        foreach (var group in Groups(reaching))
        {
            var expected = Start + group.Sum(static test => Math.Max(0.1, test.Seconds - Start));
            if (spent > 0 && spent + expected > most.TotalSeconds)
            {
                continue;
            }

            var limit = TimeSpan.FromSeconds(20 + (3 * expected));
            var environment = new Dictionary<string, string> { ["TIDINGS_MUTANT"] = mutant.Id.ToString(CultureInfo.InvariantCulture) };
            last = await group[0].Suite.RunAsync([.. group.Select(static test => test.Name)], environment, limit);
            spent += expected;
            if (last.Outcome != Outcome.Passed)
            {
                break;
            }
        }

        return new(mutant, reaching.Count > 0, last with { Seconds = spent });
    }

    private static IEnumerable<IReadOnlyList<TestClass>> Groups(IReadOnlyList<TestClass> reaching)
    {
        var shared = reaching.Where(static test => test.Seconds <= Short).GroupBy(static test => test.Suite).OrderBy(static suite => suite.Sum(static test => test.Seconds));
        foreach (var group in shared)
        {
            yield return [.. group];
        }

        foreach (var test in reaching.Where(static test => test.Seconds > Short))
        {
            yield return [test];
        }
    }
}
