using Tidings.CommandLine.Tests.Infrastructure;

namespace Tidings.CommandLine.Tests.Remote;

/// <summary><c>tidings channels</c> and <c>tidings connections</c>.</summary>
public sealed class ListTests
{
    private const string Secret = "a secret of the tests, 32 bytes or more";

    [Fact]
    public async Task Channels_are_listed_with_how_many_subscribe_page_by_page()
    {
        await using var server = await LocalServer.StartAsync(("Tidings:Jwt:Secret", Secret));
        await using var one = await ListenAsync(server, "ada", "chat:a", "chat:b", "news:a");
        await using var two = await ListenAsync(server, "bob", "chat:a");
        var rows = (await server.RunAsync("channels", "chat:", "--json")).Succeeds().Text.TrimEnd('\n').Split('\n');
        Assert.Equal(["""{"channel":"chat:a","subscribers":2}""", """{"channel":"chat:b","subscribers":1}"""], rows);
        Assert.Equal("chat:a\t2\nchat:b\t1\n", (await server.RunAsync("channels", "chat:")).Succeeds().Text);
        var first = await server.RunAsync("channels", "chat:", "--limit", "1", "--json");
        Assert.Equal("chat:a", first.Json.GetProperty("channel").GetString());
        Assert.Contains("--after chat:a", first.Errors, StringComparison.Ordinal);
        var second = (await server.RunAsync("channels", "chat:", "--after", "chat:a", "--json")).Succeeds();
        Assert.Equal(("chat:b", false), (second.Json.GetProperty("channel").GetString(), second.Errors.Contains("--after", StringComparison.Ordinal)));
        Assert.Empty((await server.RunAsync("channels", "none:", "--json")).Succeeds().Text);
    }

    [Fact]
    public async Task Connections_are_listed_with_their_users_and_may_be_those_of_a_user_or_channel()
    {
        await using var server = await LocalServer.StartAsync(("Tidings:Jwt:Secret", Secret));
        await using var one = await ListenAsync(server, "ada", "chat:a");
        await using var two = await ListenAsync(server, "bob", "chat:a", "chat:b");
        var all = (await server.RunAsync("connections", "--json")).Succeeds().Text.TrimEnd('\n').Split('\n');
        Assert.Equal(2, all.Length);
        Assert.Equal("bob", (await server.RunAsync("connections", "--user", "bob", "--json")).Succeeds().Json.GetProperty("user").GetString());
        Assert.Equal("bob", (await server.RunAsync("connections", "--channel", "chat:b", "--json")).Succeeds().Json.GetProperty("user").GetString());
        Assert.Empty((await server.RunAsync("connections", "--user", "cy", "--json")).Succeeds().Text);
        var table = (await server.RunAsync("connections", "--user", "ada")).Succeeds().Text;
        Assert.Matches("^[0-9a-f]{20}\tada\ttidings\t", table);
        Assert.DoesNotContain("bob", table, StringComparison.Ordinal);
        var first = await server.RunAsync("connections", "--limit", "1", "--json");
        Assert.Contains($"--after {first.Json.GetProperty("connection").GetString()}", first.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await server.RunAsync("connections", "--limit", "0", "--json")).Succeeds().Text.Count(static c => c == '\n'));
    }

    [Fact]
    public async Task They_ask_the_server_API_and_not_a_user_s_connection()
    {
        await using var server = await LocalServer.StartAsync(("Tidings:Jwt:Secret", Secret));
        foreach (var command in new[] { "channels", "connections" })
        {
            (await server.RunAsync(command, "--token", await TokenAsync("ada"))).Fails(1, "no --token");
            (await server.RunAsync(command, "--limit", "x")).Fails(2, "");
        }
    }

    private static async Task<Tool> ListenAsync(LocalServer server, string user, params string[] channels)
    {
        var tool = Tool.Start(["subscribe", .. channels, "--json", "--url", server.Url, "--token", await TokenAsync(user)]);
        for (var i = 0; i < channels.Length; i++)
        {
            await tool.JsonAsync();
        }

        return tool;
    }

    private static async Task<string> TokenAsync(string user) => (await Tool.RunAsync("token", "create", "--user", user, "--jwt-secret", Secret)).Succeeds().Text.Trim();
}
