using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using TestKit;

namespace Tidings.EndToEnd.Tests.Infrastructure;

/// <summary>The program <c>tidings</c> as people start it.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private ServerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public static ServerProcess Start(string arguments, params (string Name, string Value)[] environment) =>
        StartIn(AppContext.BaseDirectory, arguments, environment);

    /// <summary>The same in a directory of its own, whose <c>appsettings.json</c> it reads.</summary>
    public static ServerProcess StartIn(string directory, string arguments, params (string Name, string Value)[] environment) =>
        Start("Tidings.Server", "tidings", directory, arguments, environment);

    /// <summary>A sample, on a port of its own.</summary>
    public static ServerProcess StartSample(string name) =>
        Start(name, name, AppContext.BaseDirectory, "--urls http://127.0.0.1:0", ("ASPNETCORE_ENVIRONMENT", "Development"));

    private static ServerProcess Start(string project, string file, string directory, string arguments, params (string Name, string Value)[] environment)
    {
        // artifacts/bin/<project>/<configuration>/
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var program = Path.Combine(here.Parent!.Parent!.FullName, project, here.Name, file);
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = directory,
        };
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new ServerProcess(Process.Start(start)!);
    }

    /// <summary>Waits until it says that it is running.</summary>
    /// <returns>Where it listens.</returns>
    public async Task<Uri> ListeningAsync()
    {
        await Eventually.TrueAsync(() => Address().IsMatch(Output) && Output.Contains("Ctrl+C", StringComparison.Ordinal), "the server says where it listens; it said: " + Output);
        return new Uri(Address().Match(Output).Value);
    }

    /// <summary>What Ctrl+C does.</summary>
    public Task InterruptAsync() => SignalAsync("INT");

    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    public async Task<int> ExitCodeAsync()
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        LaneFailure.ThrowIfIn(Output);
    }

    [GeneratedRegex(@"https?://127\.0\.0\.1:\d+")]
    private static partial Regex Address();

    private void Append(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
