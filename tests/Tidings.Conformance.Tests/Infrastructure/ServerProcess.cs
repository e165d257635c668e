using System.Diagnostics;
using System.Globalization;

namespace Tidings.Conformance.Tests.Infrastructure;

/// <summary>The standalone server as a process of its own, under a limit on open files.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _output = [];

    private ServerProcess(Process process) => _process = process;

    public int Port { get; private set; }

    public int Descriptors => Directory.GetFileSystemEntries($"/proc/{_process.Id}/fd").Length;

    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public IReadOnlyList<string> Output
    {
        get
        {
            lock (_output)
            {
                return [.. _output];
            }
        }
    }

    public static async Task<ServerProcess> StartAsync(string pump, int openFiles)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Tidings.Server.dll");
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"ulimit -n {openFiles.ToString(CultureInfo.InvariantCulture)} && exec \"$0\" \"$@\"");
        foreach (var argument in new[] { Host(), "exec", program, "serve", "--demo", "--limits", "none", "--urls", "http://127.0.0.1:0" })
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["Tidings__Pump"] = pump;
        var server = new ServerProcess(Process.Start(start)!);
        var listening = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        server._process.OutputDataReceived += (_, line) => server.Take(line.Data, listening);
        server._process.ErrorDataReceived += (_, line) => server.Take(line.Data, listening);
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        try
        {
            server.Port = await listening.Task.WaitAsync(TimeSpan.FromSeconds(30));
            return server;
        }
        catch (TimeoutException)
        {
            await server.DisposeAsync();
            throw new InvalidOperationException("The server did not start: " + string.Join('\n', server.Output));
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        TestKit.LaneFailure.ThrowIfIn(string.Join('\n', Output));
    }

    // The program of the runtime that runs the tests.
    private static string Host()
    {
        var runtime = System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory();
        return Path.GetFullPath(Path.Combine(runtime, "../../../dotnet"));
    }

    private void Take(string? line, TaskCompletionSource<int> listening)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.Add(line);
        }

        var at = line.IndexOf("http://127.0.0.1:", StringComparison.Ordinal);
        if (at >= 0 && line.Contains("Open", StringComparison.Ordinal))
        {
            listening.TrySetResult(new Uri(line[at..].Split(' ')[0]).Port);
        }
    }
}
