using System.Diagnostics;

namespace Tidings.Deployment.Tests.Infrastructure;

/// <summary>A program that runs to its end.</summary>
internal static class Command
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>Where the runtime is that these tests run on: programs that were built need it.</summary>
    public static string DotnetRoot { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));

    /// <returns>What it said on both ways out.</returns>
    public static async Task<string> RunAsync(string program, string[] arguments, string? directory = null)
    {
        using var process = Process.Start(StartInfo(program, arguments, directory))!;
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            var said = process.StandardOutput.ReadToEndAsync(limit.Token);
            var failed = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            var all = await said + await failed;
            Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{all}");
            return all;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    public static ProcessStartInfo StartInfo(string program, string[] arguments, string? directory = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? Repository.Root,
        };
        start.Environment["DOTNET_ROOT"] = DotnetRoot;
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        // No node of a build outlives the test, and none is asked that was started with other variables.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        return start;
    }
}
