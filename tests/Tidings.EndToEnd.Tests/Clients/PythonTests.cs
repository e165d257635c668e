using System.Diagnostics;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Clients;

/// <summary>The client of the tutorials. <c>./test</c> installs it.</summary>
public sealed class PythonTests : ServerTests
{
    [Fact]
    public async Task Two_clients_of_python3_websockets_talk_in_a_room()
    {
        await using var server = await StartAsync();
        var start = new ProcessStartInfo("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "Clients", "chat.py"), $"ws://127.0.0.1:{server.Port}/ws/lobby"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PYTHONIOENCODING"] = "utf-8";
        using var python = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        var output = python.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = python.StandardError.ReadToEndAsync(limit.Token);
        await python.WaitForExitAsync(limit.Token);
        Assert.True(python.ExitCode == 0, await errors);
        Assert.Equal("heard [lobby] &lt;b&gt;hi&lt;/b&gt; 中文", (await output).Trim());
        await server.ExpectIdleAsync();
    }
}
