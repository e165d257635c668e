using TestKit;
using Tidings.Deployment.Tests.Infrastructure;

namespace Tidings.Deployment.Tests.Deploy;

/// <summary><c>tidings health</c>, which the container image asks.</summary>
public sealed class HealthCommandTests
{
    [Fact]
    public async Task A_running_server_is_healthy()
    {
        var (server, address) = await TidingsProgram.ServeAsync();
        await using var _ = server;
        Assert.Equal("Healthy\n", await Command.RunAsync(TidingsProgram.Path, ["health", "--url", $"{address}"]));
    }

    [Theory]
    [InlineData("http://127.0.0.1:1", "exit code 1", "No answer from")]
    [InlineData("nowhere", "exit code 2", "must begin with")]
    public async Task Anything_else_is_not(string url, string code, string text)
    {
        await using var health = new RunningProgram("sh", ["-c", "\"$0\" health --url \"$1\"; echo exit code $?", TidingsProgram.Path, url]);
        await health.SaysAsync(new(code));
        await Eventually.TrueAsync(() => health.Output.Contains(text, StringComparison.Ordinal), text);
    }
}
