using TestKit;
using Tidings.CommandLine.Tests.Infrastructure;

namespace Tidings.CommandLine.Tests.Remote;

/// <summary><c>tidings subscribe</c>.</summary>
public sealed class SubscribeTests
{
    [Fact]
    public async Task It_follows_what_is_said_and_ends_with_130_on_Ctrl_C()
    {
        await using var server = await LocalServer.StartAsync();
        await server.RunAsync("publish", "chat:a", "before");
        await using var tool = Tool.Start(["subscribe", "chat:a", "--last", "1", "--url", server.Url]);
        Assert.EndsWith("\tchat:a\t", Left(await tool.LineAsync(), "\"before\""), StringComparison.Ordinal);
        await server.RunAsync("publish", "chat:a", """{"text":"now"}""");
        Assert.EndsWith("""{"text":"now"}""", await tool.LineAsync(), StringComparison.Ordinal);
        await tool.SignalAsync("INT");
        var end = await tool.EndAsync();
        Assert.Equal(130, end.Code);
        Assert.DoesNotContain("\u001b", end.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", end.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_comes_back_by_itself_and_has_missed_nothing()
    {
        await using var server = await LocalServer.StartAsync();
        await using var proxy = new FaultProxy(server.Port);
        await using var tool = Tool.Start(["subscribe", "chat:a", "chat:b", "--json", "--count", "3", "--url", $"http://127.0.0.1:{proxy.Port}"]);
        Assert.Equal("subscribed", (await tool.JsonAsync()).GetProperty("type").GetString());
        Assert.Equal("subscribed", (await tool.JsonAsync()).GetProperty("type").GetString());
        await server.RunAsync("publish", "chat:a", "1");
        Assert.Equal(1, (await tool.JsonAsync()).GetProperty("data").GetInt32());
        proxy.CutAll();
        await server.RunAsync("publish", "chat:b", "2");
        await server.RunAsync("publish", "chat:a", "3");
        var end = await tool.EndAsync();
        Assert.Equal(0, end.Code);
        Assert.Contains("\"recovered\":true", end.Text, StringComparison.Ordinal);
        Assert.Contains("\"data\":2", end.Text, StringComparison.Ordinal);
        Assert.Contains("\"data\":3", end.Text, StringComparison.Ordinal);
        Assert.Contains("is lost; trying again in", end.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Since_a_position_comes_what_followed_it()
    {
        await using var server = await LocalServer.StartAsync();
        var first = (await server.RunAsync("publish", "chat:a", "1")).Text.Trim();
        await server.RunAsync("publish", "chat:a", "2");
        await using var tool = Tool.Start(["subscribe", "chat:a", "--since", first, "--count", "1", "--url", server.Url]);
        var end = await tool.EndAsync();
        Assert.EndsWith("\t2\n", end.Text, StringComparison.Ordinal);
        Assert.Equal(0, end.Code);
    }

    [Fact]
    public async Task Joins_and_leaves_are_told_where_they_are_asked_for()
    {
        await using var server = await LocalServer.StartAsync();
        await using var tool = Tool.Start(["subscribe", "chat:a", "--presence", "--json", "--url", server.Url]);
        Assert.Equal(0, (await tool.JsonAsync()).GetProperty("members").GetArrayLength() - 1);
        await using var other = await RawWebSocket.ConnectAsync(server.Port, "/connect");
        await other.SendTextAsync("""{"type":"subscribe","id":1,"channel":"chat:a"}""");
        var join = await tool.JsonAsync();
        Assert.Equal(("join", "chat:a"), (join.GetProperty("type").GetString(), join.GetProperty("channel").GetString()));
        Assert.StartsWith("~", join.GetProperty("user").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_channel_that_is_not_open_to_it_ends_it_with_1()
    {
        await using var server = await LocalServer.StartAsync();
        (await server.RunAsync("subscribe", "secret:a")).Fails(1, "does not allow it");
    }

    [Fact]
    public async Task A_terminal_obeys_nothing_that_is_said()
    {
        await using var server = await LocalServer.StartAsync();
        using var http = server.OpenApi();
        using var body = new StringContent("{\"channel\":\"chat:a\",\"data\":\"\u009b31m\u202e\u2028\"}", System.Text.Encoding.UTF8, "application/json");
        (await http.PostAsync(new Uri(server.Url + "/api/publish"), body)).EnsureSuccessStatusCode();
        var line = (await server.RunAsync("history", "chat:a")).Succeeds().Text;
        Assert.EndsWith("\"\\u009b31m\\u202e\\u2028\"\n", line, StringComparison.Ordinal);
    }

    private static string Left(string? line, string data)
    {
        Assert.EndsWith(data, line, StringComparison.Ordinal);
        var columns = line!.Split('\t');
        Assert.Equal(5, columns.Length);
        return $"\t{columns[1]}\t";
    }
}
