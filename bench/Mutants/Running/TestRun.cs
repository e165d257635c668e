using System.Diagnostics;
using System.Globalization;

namespace Tidings.Bench.Mutants.Running;

internal enum Outcome
{
    Passed,
    Failed,
    TimedOut,
}

/// <param name="Outcome">How it ended.</param>
/// <param name="Test">The first test that failed, where one did.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record TestRun(Outcome Outcome, string? Test, double Seconds)
{
    // What was written is read to its end, unless somebody who has left the session keeps it open.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    /// <summary>Runs tests in a session of their own, until they end, the first fails, or the time is over. Nothing of the session is left behind.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="environment">What it is told beside.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="failure">Finds the test's name in a line that says that one failed.</param>
    public static async Task<TestRun> StartAsync(
        IEnumerable<string> command, string folder, IReadOnlyDictionary<string, string> environment, TimeSpan limit, Func<string, string?> failure)
    {
        var start = new ProcessStartInfo("setsid", command) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        // Processes live for seconds: what code costs to measure and compile once more is never earned back.
        start.Environment["DOTNET_TieredPGO"] = "0";
        var watch = Stopwatch.StartNew();
        var failed = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var exited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.Exited += (_, _) => exited.TrySetResult();
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is not null && failure(line.Data) is { } test)
            {
                failed.TrySetResult(test);
            }
        };
        process.ErrorDataReceived += static (_, _) => { };
        process.Start();
        var session = process.Id;
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Task.WhenAny(exited.Task, failed.Task, Task.Delay(limit));
        var isEnded = exited.Task.IsCompleted;
        var seconds = watch.Elapsed.TotalSeconds;
        EndSession(session);
        await Task.WhenAny(process.WaitForExitAsync(), Task.Delay(Grace));
        return failed.Task.IsCompletedSuccessfully ? new(Outcome.Failed, await failed.Task, seconds)
            : !isEnded ? new(Outcome.TimedOut, null, seconds)
            : process.ExitCode == 0 ? new(Outcome.Passed, null, seconds)
            : new(Outcome.Failed, $"exit code {process.ExitCode.ToString(CultureInfo.InvariantCulture)}", seconds);
    }

    // Servers that tests have started are in the same session, whoever their parent is by now.
    private static void EndSession(int session)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(static path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            try
            {
                // pid (name) state parent group session ...
                var fields = File.ReadAllText(Path.Combine(folder, "stat")).Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (int.Parse(fields[3], CultureInfo.InvariantCulture) == session)
                {
                    using var left = Process.GetProcessById(int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture));
                    left.Kill();
                }
            }
            catch (Exception gone) when (gone is IOException or ArgumentException or InvalidOperationException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
            {
                // It has ended by itself.
            }
        }
    }
}
