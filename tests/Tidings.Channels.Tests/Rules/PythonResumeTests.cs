using System.Diagnostics;
using TestKit;
using Tidings.Brokers;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Messages;

namespace Tidings.Channels.Tests.Rules;

/// <summary>The script of the README: twenty lines of Python that are cut off, come back, and have everything.</summary>
public sealed class PythonResumeTests : ServerTests
{
    [Fact]
    public async Task It_is_cut_off_comes_back_and_has_everything()
    {
        const int Messages = 60;
        await using var server = await StartAsync();
        await using var proxy = new FaultProxy(server.Port);
        var start = new ProcessStartInfo("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "samples", "resume.py"), $"ws://127.0.0.1:{proxy.Port}/connect", "chat:news", $"{Messages}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var python = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        Assert.Equal("listening 0", await python.StandardOutput.ReadLineAsync(limit.Token));
        for (var i = 1; i <= Messages; i++)
        {
            // Every twentieth message finds nobody: the connection was cut, and the script has not come back.
            if (i % 20 == 0)
            {
                proxy.CutAll();
            }

            await server.Services.Node.Broker.PublishAsync(new Publication("chat:news", MessageData.Text($"message {i}")));
        }

        var output = await python.StandardOutput.ReadToEndAsync(limit.Token);
        await python.WaitForExitAsync(limit.Token);
        Assert.True(python.ExitCode == 0, await python.StandardError.ReadToEndAsync(limit.Token));
        var heard = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith("listening", StringComparison.Ordinal));
        Assert.Equal(Enumerable.Range(1, Messages).Select(i => $"{i} message {i}"), heard);
        Assert.Contains("listening", output);
    }
}
