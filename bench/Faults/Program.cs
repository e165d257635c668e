using System.CommandLine;
using Tidings.Bench.Faults;
using Tidings.Faults.Scenarios;

var ids = new Argument<string[]>("scenarios") { Description = "Which, as F1 F3; none: all", Arity = ArgumentArity.ZeroOrMore };
var seed = new Option<int>("--seed") { Description = "What is drawn at random", DefaultValueFactory = _ => 1 };
var quick = new Option<bool>("--quick") { Description = "The short form, as in the tests" };
var results = new Option<FileInfo?>("--results") { Description = "Where to write the table" };
var root = new RootCommand("Breaks things while messages flow, and counts what is lost, forked, doubled or reordered.") { ids, seed, quick, results };
root.SetAction(async (parsed, cancellationToken) =>
{
    var wanted = parsed.GetValue(ids) is { Length: > 0 } named ? named : [.. ScenarioTable.Ids];
    if (wanted.FirstOrDefault(static id => ScenarioTable.Make(id) is null) is { } unknown)
    {
        await Console.Error.WriteLineAsync($"No scenario is called {unknown}. There are: {string.Join(", ", ScenarioTable.Ids)}");
        return 2;
    }

    return await new FaultRuns(parsed.GetValue(seed), !parsed.GetValue(quick), parsed.GetValue(results)).RunAsync(wanted, cancellationToken);
});
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) });
