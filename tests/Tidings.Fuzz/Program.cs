using System.Globalization;
using Tidings.Fuzz;

// Tidings.Fuzz [--target name|all] [--seconds n] [--rounds n] [--seed n] [--input hex]
// Exit code 0: nothing found; 1: a bug, with the seed and the input that show it; 2: wrong arguments.
var seconds = 60;
var rounds = long.MaxValue;
var seed = Environment.TickCount;
var name = "all";
string? input = null;
for (var i = 0; i < args.Length; i += 2)
{
    var value = i + 1 < args.Length ? args[i + 1] : "";
    var known = args[i] switch
    {
        "--seconds" => int.TryParse(value, CultureInfo.InvariantCulture, out seconds) && seconds > 0,
        "--rounds" => long.TryParse(value, CultureInfo.InvariantCulture, out rounds) && rounds > 0,
        "--seed" => int.TryParse(value, CultureInfo.InvariantCulture, out seed),
        "--target" => (name = value) != "",
        "--input" => (input = value) != "",
        _ => false,
    };
    if (!known)
    {
        Console.Error.WriteLine($"Don't understand: {args[i]} {value}\nTidings.Fuzz [--target name|all] [--seconds n] [--rounds n] [--seed n] [--input hex]");
        return 2;
    }
}

var targets = FuzzTarget.All.Where(target => name == "all" || name == target.Name).ToList();
if (targets.Count == 0)
{
    Console.Error.WriteLine($"No target {name}. There are: all, {string.Join(", ", FuzzTarget.All.Select(target => target.Name))}");
    return 2;
}

Console.WriteLine($"seed {seed}");
var found = 0;
foreach (var target in targets)
{
    try
    {
        var corpus = input is null ? Corpus.Load(target) : [Convert.FromHexString(input)];
        var report = new Fuzzer(target, seed).Run(corpus, input is null ? rounds : 0, TimeSpan.FromSeconds((double)seconds / targets.Count));
        var outcomes = string.Join(", ", report.Outcomes.OrderByDescending(outcome => outcome.Value).Select(outcome => $"{outcome.Key} {outcome.Value}"));
        Console.WriteLine($"{target.Name}: {report.Rounds} inputs in {report.Took.TotalSeconds:F1} s, {report.Kept} kept, at most {report.MostAllocated} bytes allocated; {outcomes}");
    }
    catch (FuzzException bug)
    {
        Console.WriteLine($"BUG {bug.Message}\n{bug.InnerException?.StackTrace}");
        found = 1;
    }
}

return found;
