using System.Globalization;

namespace Tidings.Bench.Mutants.Running;

/// <summary>One class of tests: how long it takes, and which mutants it comes by.</summary>
internal sealed record TestClass(TestSuite Suite, string Name, double Seconds, HashSet<int> Reached);

/// <summary>Runs each class of tests by itself, once, with no mutant chosen.</summary>
internal static class Reach
{
    // A class that takes longer is for the suite's own runs, not for hundreds of them.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public static async Task<IReadOnlyList<TestClass>> FindAsync(IReadOnlyList<TestSuite> suites, int mutants, string folder)
    {
        var found = new List<TestClass>();
        foreach (var suite in suites)
        {
            foreach (var name in suite.Classes())
            {
                var file = Path.Combine(folder, "reached");
                await File.WriteAllBytesAsync(file, new byte[mutants]);
                var run = await suite.RunAsync([name], new Dictionary<string, string> { ["TIDINGS_REACHED"] = file }, Longest);
                if (run.Outcome != Outcome.Passed)
                {
                    Console.WriteLine($"left out: {suite.Name} {name}: {(run.Outcome == Outcome.TimedOut ? "takes longer than " + Longest.TotalSeconds.ToString(CultureInfo.InvariantCulture) + " s" : run.Test + " fails without a mutant")}");
                    continue;
                }

                var bytes = await File.ReadAllBytesAsync(file);
                HashSet<int> reached = [.. Enumerable.Range(0, bytes.Length).Where(id => bytes[id] != 0)];
                found.Add(new(suite, name, run.Seconds, reached));
            }

            Console.WriteLine($"{suite.Name}: {found.Count(test => test.Suite == suite)} classes, {found.Where(test => test.Suite == suite).Sum(static test => test.Seconds).ToString("0", CultureInfo.InvariantCulture)} s one by one");
        }

        return found;
    }
}
