using System.CommandLine;
using Tidings.Bench.Mutants;

var root = new Option<DirectoryInfo>("--root") { Description = "The working tree", Required = true };
var seed = new Option<int>("--seed") { Description = "Which mutants are drawn", DefaultValueFactory = _ => 1 };
var quick = new Option<bool>("--quick") { Description = "A fifth of them" };
var areas = new Argument<string[]>("areas") { Description = "Which areas; none: all", Arity = ArgumentArity.ZeroOrMore };
var only = new Option<string?>("--like") { Description = "All mutants whose key has this text in it, instead of a sample" };
var again = new Option<bool>("--again") { Description = "Take what was planted and built before" };
var command = new RootCommand("Plants small faults in the sources, one at a time, and counts those that the tests notice.") { root, seed, quick, areas, only, again };
command.SetAction((parsed, _) => new MutantRun(parsed.GetValue(root)!.FullName, parsed.GetValue(again)).RunAsync(
    parsed.GetValue(areas) ?? [], parsed.GetValue(seed), parsed.GetValue(quick), parsed.GetValue(only)));
return await command.Parse(args).InvokeAsync();
