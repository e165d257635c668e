using Tidings.CommandLine.Tests.Infrastructure;
using Tidings.Server.AdminKeys;

namespace Tidings.CommandLine.Tests.AdminKeys;

/// <summary>Commands of the user who runs a server find the key that it has made; what <c>check</c> says of it.</summary>
public sealed class MadeAdminKeyTests
{
    private const string Key = "a key of the tests, long enough";

    [Fact]
    public async Task Commands_of_the_same_user_need_no_key_and_those_of_others_do()
    {
        await using var server = await LocalServer.StartAsync();
        Assert.NotNull(AdminKeyFile.Find(server.Port));
        (await server.RunAsync("publish", "news:a", "1")).Succeeds();
        await using var other = Tool.Start(["publish", "news:a", "1", "--url", server.Url], ("XDG_STATE_HOME", "/proc/none"));
        (await other.EndAsync()).Fails(1, "--api-key or TIDINGS_API_KEY");
    }

    [Fact]
    public async Task A_server_on_another_machine_is_not_shown_a_key()
    {
        await using var server = await LocalServer.StartAsync();
        var url = server.Url.Replace("127.0.0.1", Environment.MachineName, StringComparison.Ordinal);
        var result = await Tool.RunAsync("publish", "news:a", "1", "--url", url);
        Assert.Equal(1, result.Code);
        Assert.DoesNotContain(AdminKeyFile.Find(server.Port)!, result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Direct local requests need no key", "--demo")]
    [InlineData("Tidings:AdminKey is not set: serve makes a key")]
    [InlineData("Tidings:AdminKey is not set: serve makes a key", "--demo", "--api-key", Key)]
    [InlineData("Tidings:AdminKey is not set: serve makes a key", "--demo", "--require-auth")]
    [InlineData("Tidings:AdminKey is not set: serve makes a key", "--demo", "--trusted-proxy", "10.0.0.1")]
    [InlineData("a made key opens one node alone", "--redis", "127.0.0.1:6379")]
    public async Task Check_says_what_serve_will_do(string note, params string[] options)
    {
        var result = (await Tool.RunAsync(["check", .. options])).Succeeds();
        Assert.Contains(note, result.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(note, (await Tool.RunAsync(["check", "--admin-key", "an admin key of the tests", .. options])).Succeeds().Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_Development_check_says_that_direct_local_requests_need_no_key()
    {
        await using var tool = Tool.Start(["check"], ("ASPNETCORE_ENVIRONMENT", "Development"));
        Assert.Contains("Direct local requests need no key", (await tool.EndAsync()).Succeeds().Text, StringComparison.Ordinal);
    }
}
