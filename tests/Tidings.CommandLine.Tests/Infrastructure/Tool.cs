using System.Diagnostics;
using System.Text.Json;
using TestKit;

namespace Tidings.CommandLine.Tests.Infrastructure;

/// <summary>The program <c>tidings</c> as people start it, with pipes where they have a terminal.</summary>
internal sealed class Tool : IAsyncDisposable
{
    private readonly Process _process;
    private readonly CancellationTokenSource _limit = new(Eventually.Limit);
    private readonly Task<string> _errors;

    private Tool(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync(_limit.Token);
    }

    /// <summary>Where programs are built, of which this test is one: artifacts/bin/PROJECT/CONFIGURATION/.</summary>
    private static DirectoryInfo Here { get; } = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    /// <summary>Starts the program.</summary>
    /// <param name="arguments">What stands behind its name.</param>
    /// <param name="environment">What is set beside what the tests have.</param>
    public static Tool Start(IEnumerable<string> arguments, params IEnumerable<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo(Path.Combine(Here.Parent!.Parent!.FullName, "Tidings.Server", Here.Name, "tidings"), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Here.FullName,
        };
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new Tool(Process.Start(start)!);
    }

    /// <summary>Runs the program to its end.</summary>
    public static async Task<ToolResult> RunAsync(params IReadOnlyList<string> arguments)
    {
        await using var tool = Start(arguments);
        return await tool.EndAsync();
    }

    /// <summary>The next line of its result.</summary>
    public async Task<string?> LineAsync() => await _process.StandardOutput.ReadLineAsync(_limit.Token);

    /// <summary>The next line of its result, which is a JSON object.</summary>
    public async Task<JsonElement> JsonAsync() => JsonDocument.Parse(await LineAsync() ?? throw new ExpectationException($"It ended: {await _errors}")).RootElement;

    /// <summary>What Ctrl+C does, or another signal.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await kill.WaitForExitAsync(_limit.Token);
    }

    /// <summary>Ends its input, and waits for its end.</summary>
    public async Task<ToolResult> EndAsync(string input = "")
    {
        await _process.StandardInput.WriteAsync(input.AsMemory(), _limit.Token);
        _process.StandardInput.Close();
        var text = await _process.StandardOutput.ReadToEndAsync(_limit.Token);
        await _process.WaitForExitAsync(_limit.Token);
        return new ToolResult(_process.ExitCode, text, await _errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();

            // The limit is for what the program was to do, and may be over.
            await _process.WaitForExitAsync().WaitAsync(Eventually.Limit);
        }

        _process.Dispose();
        _limit.Dispose();
    }
}

/// <summary>How the program ended.</summary>
/// <param name="Code">Its exit code.</param>
/// <param name="Text">All of its standard output that was not read before.</param>
/// <param name="Errors">All of its standard error.</param>
internal sealed record ToolResult(int Code, string Text, string Errors)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    /// <summary>It did what it was asked, without a word beside.</summary>
    public ToolResult Succeeds()
    {
        Assert.True(Code == 0 && Errors.Length == 0, $"exit code {Code}: {Errors}");
        return this;
    }

    /// <summary>It did not, and says why on standard error alone: in words, without a trace of the program's insides.</summary>
    public ToolResult Fails(int code, string why)
    {
        Assert.Equal(code, Code);
        Assert.Contains(why, Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", Errors, StringComparison.Ordinal);
        Assert.Empty(Text);
        return this;
    }
}
