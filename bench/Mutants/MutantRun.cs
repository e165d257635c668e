using System.Globalization;
using System.Text.Json;
using Tidings.Bench.Mutants.Planting;
using Tidings.Bench.Mutants.Running;

namespace Tidings.Bench.Mutants;

/// <summary>The whole run: plant, build, see which tests come by which mutants, and let the tests look for those that were drawn.</summary>
/// <param name="root">The working tree; it is only read.</param>
/// <param name="isAgain">Whether to take what the last run has planted and built.</param>
internal sealed class MutantRun(string root, bool isAgain)
{
    // Drawn from all areas together, and from each at the least.
    private const int Wanted = 480;
    private const int Least = 40;
    private const double Enough = 0.95;

    private readonly string _folder = Path.Combine(root, "artifacts/mutants");

    private sealed record Reached(string Suite, string Name, double Seconds, int[] Ids);

    public async Task<int> RunAsync(string[] areas, int seed, bool isQuick, string? only)
    {
        Directory.CreateDirectory(_folder);
        var suites = TestSuite.All(Path.Combine(_folder, "tree"));
        var planted = isAgain ? await LoadAsync<List<Mutant>>("planted.json") : Plant(suites);
        var classes = isAgain && File.Exists(Path.Combine(_folder, "reached.json")) ? await LoadClassesAsync(suites) : await FindClassesAsync(suites, planted);
        var equivalents = Equivalents.Read(Path.Combine(AppContext.BaseDirectory, "equivalent.md"));
        var open = planted.Where(mutant => (areas.Length == 0 || areas.Contains(mutant.Area)) && mutant.Control is null && !equivalents.Has(mutant)).ToList();
        var drawn = only is not null ? [.. open.Where(mutant => mutant.ToString().Contains(only, StringComparison.Ordinal) || mutant.Key.Contains(only, StringComparison.Ordinal))]
            : Sample.Draw(open, isQuick ? Wanted / 5 : Wanted, isQuick ? Least / 5 : Least, seed);
        Console.WriteLine($"Seed {seed}: {drawn.Count} of {open.Count} mutants, {planted.Count(equivalents.Has)} others are known to change nothing.");

        var hunt = new Hunt(classes, TimeSpan.FromSeconds(isQuick ? 20 : 45));
        var controls = only is null ? await HuntAsync(hunt, Controls(planted, classes, drawn, seed)) : [];
        var verdicts = await HuntAsync(hunt, drawn);
        var report = Report.Lines(verdicts, controls, open.Count).ToList();
        await File.WriteAllLinesAsync(Path.Combine(_folder, "report.md"), report);
        Console.WriteLine();
        report.ForEach(Console.WriteLine);
        var isProven = controls.All(static verdict => verdict.IsKilled == (verdict.Mutant.Control == Mutant.Throws));
        return !isProven ? 3 : Report.Score(verdicts) < Enough ? 1 : 0;
    }

    private List<Mutant> Plant(IReadOnlyList<TestSuite> suites)
    {
        File.Delete(Path.Combine(_folder, "reached.json"));
        var tree = new Tree(root, Path.Combine(_folder, "tree"));
        tree.Take();
        tree.Plant();
        var projects = Area.All.Where(static area => !area.IsJavaScript).Select(static area => area.Project).Distinct();
        new Compilation(tree).Run(projects.Concat(suites.OfType<TestSuite.Dotnet>().Select(static suite => suite.Project)));
        Console.WriteLine($"{tree.Mutants.All.Count} mutants, of which {tree.Mutants.Refused} do not compile.");
        List<Mutant> planted = [.. tree.Mutants.Planted];
        Save("planted.json", planted);
        return planted;
    }

    private async Task<IReadOnlyList<TestClass>> FindClassesAsync(IReadOnlyList<TestSuite> suites, IReadOnlyList<Mutant> planted)
    {
        var classes = await Reach.FindAsync(suites, planted[^1].Id + 1, _folder);
        Save("reached.json", classes.Select(static test => new Reached(test.Suite.Name, test.Name, test.Seconds, [.. test.Reached])));
        return classes;
    }

    private async Task<IReadOnlyList<TestClass>> LoadClassesAsync(IReadOnlyList<TestSuite> suites) =>
        [.. (await LoadAsync<List<Reached>>("reached.json")).Select(test => new TestClass(suites.First(suite => suite.Name == test.Suite), test.Name, test.Seconds, [.. test.Ids]))];

    // Of each area one that changes nothing and one that throws, where tests come by.
    private static IEnumerable<Mutant> Controls(IEnumerable<Mutant> planted, IReadOnlyList<TestClass> classes, IEnumerable<Mutant> drawn, int seed)
    {
        var areas = drawn.Select(static mutant => mutant.Area).ToHashSet();
        return planted.Where(mutant => mutant.Control is not null && areas.Contains(mutant.Area) && classes.Count(test => test.Reached.Contains(mutant.Id)) > 2)
            .GroupBy(static mutant => (mutant.Area, mutant.Control))
            .Select(kind => Sample.Ordered(kind, seed).First());
    }

    private static async Task<IReadOnlyList<Verdict>> HuntAsync(Hunt hunt, IEnumerable<Mutant> mutants)
    {
        var verdicts = new List<Verdict>();
        foreach (var mutant in mutants)
        {
            var verdict = await hunt.FindAsync(mutant);
            verdicts.Add(verdict);
            var how = verdict.Run.Outcome switch { Outcome.Passed => "SURVIVED", Outcome.TimedOut => "killed by time", _ => "killed by " + verdict.Run.Test };
            Console.WriteLine($"{verdicts.Count.ToString(CultureInfo.InvariantCulture),4} {how}: {(mutant.Control is null ? "" : "control ")}{mutant}");
        }

        return verdicts;
    }

    private void Save<T>(string name, T value) => File.WriteAllText(Path.Combine(_folder, name), JsonSerializer.Serialize(value));

    private async Task<T> LoadAsync<T>(string name) => JsonSerializer.Deserialize<T>(await File.ReadAllTextAsync(Path.Combine(_folder, name)))!;
}
