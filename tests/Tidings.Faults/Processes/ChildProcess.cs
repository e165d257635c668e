using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using TestKit;

namespace Tidings.Faults.Processes;

/// <summary>A process of the rig's, which ends with the rig at the latest, however that ends.</summary>
internal sealed partial class ChildProcess : IAsyncDisposable
{
    private const int MostLines = 500;
    private const int SigKill = 9;
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(40);
    private static readonly BlockingCollection<Action> Starts = StartThread();

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = [];
    private volatile string? _laneFailure;

    private ChildProcess(Process process)
    {
        _process = process;
        Id = process.Id;
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id { get; }

    public bool HasExited => _process.HasExited;

    /// <summary>The last that it said.</summary>
    public string Output => string.Join('\n', _lines);

    public static async Task<ChildProcess> StartAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        // setpriv becomes the program, so that the process id is the program's own; the kernel kills it when the thread that started it ends.
        var start = new ProcessStartInfo("setpriv", ["--pdeathsig", "KILL", program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var started = new TaskCompletionSource<ChildProcess>(TaskCreationOptions.RunContinuationsAsynchronously);
        Starts.Add(() =>
        {
            try
            {
                started.SetResult(new ChildProcess(Process.Start(start)!));
            }
            catch (Exception error) when (error is System.ComponentModel.Win32Exception or InvalidOperationException)
            {
                started.SetException(error);
            }
        });
        return await started.Task;
    }

    /// <summary><c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        Signal(SigKill);
        await ExitedAsync();
    }

    /// <summary>Asks it to end, and waits until it has.</summary>
    public async Task TerminateAsync()
    {
        Signal(SigTerm);
        await ExitedAsync();
    }

    public Task WaitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Stands still until <see cref="Continue"/>.</summary>
    public void Pause() => Signal(SigStop);

    public void Continue() => Signal(SigCont);

    /// <summary>Stops or continues a process that another class holds.</summary>
    public static void SetPaused(int process, bool paused) => _ = Kill(process, paused ? SigStop : SigCont);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
        if (_laneFailure is { } line)
        {
            throw new ExpectationException($"{line}\n{Output}");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    // The kernel's signal comes with the end of the starting thread, not of the process: so one starts all, and lives as long as we do.
    private static BlockingCollection<Action> StartThread()
    {
        var starts = new BlockingCollection<Action>();
        new Thread(() =>
        {
            foreach (var start in starts.GetConsumingEnumerable())
            {
                start();
            }
        })
        { IsBackground = true, Name = "child processes" }.Start();
        return starts;
    }

    private void Signal(int signal)
    {
        if (!_process.HasExited)
        {
            _ = Kill(Id, signal);
        }
    }

    private async Task ExitedAsync()
    {
        using var limit = new CancellationTokenSource(Longest);
        await _process.WaitForExitAsync(limit.Token);
    }

    private void Note(string? line)
    {
        if (line is null)
        {
            return;
        }

        if (LaneFailure.IsIn(line))
        {
            _laneFailure = line;
        }

        _lines.Enqueue(line);
        while (_lines.Count > MostLines)
        {
            _lines.TryDequeue(out _);
        }
    }
}
