using System.Diagnostics;

namespace Tidings.Client.Tests.EndToEnd;

/// <summary>The sample in a process of its own, as its reader would run it.</summary>
public sealed class TerminalTests
{
    // Where it was built: beside the tests there is no place for what it needs without ASP.NET Core.
    private static readonly string Sample = Path.Combine(AppContext.BaseDirectory, "..", "..", "Terminal", "release", "Terminal.dll");

    [Fact]
    public async Task It_prints_what_is_said_and_lives_through_a_broken_connection()
    {
        await using var world = await ClientServer.StartAsync();
        var start = new ProcessStartInfo("dotnet", [Sample, $"ws://127.0.0.1:{world.Proxy.Port}/connect", "chat:lobby"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var terminal = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        Assert.Equal("(1 here)", await terminal.StandardOutput.ReadLineAsync(limit.Token));
        await terminal.StandardInput.WriteLineAsync("Hello");
        Assert.Equal("1: Hello", await terminal.StandardOutput.ReadLineAsync(limit.Token));
        world.Proxy.CutAll();
        await world.Client().PublishAsync("chat:lobby", new ChatLine("Are you there?"), ChatJson.Default.ChatLine);
        Assert.EndsWith(" here)", await terminal.StandardOutput.ReadLineAsync(limit.Token));
        Assert.Equal("2: Are you there?", await terminal.StandardOutput.ReadLineAsync(limit.Token));
        terminal.StandardInput.Close();
        await terminal.WaitForExitAsync(limit.Token);
        Assert.True(terminal.ExitCode == 0, await terminal.StandardError.ReadToEndAsync(limit.Token));
    }
}
