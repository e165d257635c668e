using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using TestKit;

namespace Tidings.Deployment.Tests.Infrastructure;

/// <summary>A program that runs until the test is over.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    public RunningProgram(string program, string[] arguments, string? directory = null, params (string Name, string Value)[] environment)
    {
        var start = Command.StartInfo(program, arguments, directory);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
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

    /// <summary>Waits until the program has said what <paramref name="pattern"/> finds.</summary>
    public async Task<Match> SaysAsync(Regex pattern)
    {
        try
        {
            await Eventually.TrueAsync(() => pattern.IsMatch(Output) || _process.HasExited, $"says {pattern}", TimeSpan.FromSeconds(60));
        }
        catch (ExpectationException error)
        {
            throw new ExpectationException($"{error.Message}; it said: {Output}");
        }

        var match = pattern.Match(Output);
        return match.Success ? match : throw new ExpectationException($"The program has ended; it said: {Output}");
    }

    /// <summary>Has the program end as a service manager does, by SIGTERM, and waits until it has.</summary>
    public async Task TerminateAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await _process.WaitForExitAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        using var limit = new CancellationTokenSource(Eventually.Limit);
        await _process.WaitForExitAsync(limit.Token);
        _process.Dispose();
        LaneFailure.ThrowIfIn(Output);
    }

    private void Append(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
