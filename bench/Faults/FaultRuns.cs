using Tidings.Faults.Scenarios;

namespace Tidings.Bench.Faults;

/// <summary>Runs scenarios one after the other, and writes the table as it grows.</summary>
internal sealed class FaultRuns(int seed, bool full, FileInfo? results)
{
    private readonly List<ScenarioResult> _done = [];

    /// <returns>The exit code: 0 where all passed.</returns>
    public async Task<int> RunAsync(IEnumerable<string> ids, CancellationToken cancellationToken)
    {
        foreach (var id in ids)
        {
            try
            {
                var scenario = ScenarioTable.Make(id)!;
                _done.Add(await scenario.RunAsync(new ScenarioSettings(full, seed, Say), cancellationToken));
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                Say("Interrupted.");
                break;
            }

            if (results is not null)
            {
                await File.WriteAllTextAsync(results.FullName, Table(), cancellationToken);
            }
        }

        Console.WriteLine();
        Console.WriteLine(Table());
        return _done.Count > 0 && _done.TrueForAll(static result => result.Passed) && !cancellationToken.IsCancellationRequested ? 0 : 1;
    }

    private static void Say(string line) => Console.Error.WriteLine(line);

    private string Table() => ScenarioResult.Head + "\n" + string.Concat(_done.Select(static result => result.Row + (result.Passed ? "" : " FAILED") + "\n"));
}
