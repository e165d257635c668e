using System.Text.Json;
using TestKit;
using Tidings.CommandLine.Tests.Infrastructure;

namespace Tidings.CommandLine.Tests.Remote;

/// <summary><c>tidings follow</c>.</summary>
public sealed class FollowTests
{
    [Fact]
    public async Task It_writes_what_a_connection_says_and_gets_until_it_ends()
    {
        await using var server = await LocalServer.StartAsync();
        await using var socket = await RawWebSocket.ConnectAsync(server.Port, "/connect?ping=frame");
        var id = JsonElement.Parse(await socket.ReceiveTextAsync()).GetProperty("connection").GetString()!;
        await using var json = Tool.Start(["follow", id, "--json", "--url", server.Url]);
        Assert.Equal(("following", id), ((await json.JsonAsync()) is var begun ? (begun.GetProperty("event").GetString(), begun.GetProperty("connection").GetString()) : default));
        await using var text = Tool.Start(["follow", id, "--url", server.Url]);
        using var http = server.OpenApi();

        // The second one has begun when it is told what is said to the connection again and again.
        var line = text.LineAsync();
        while (!line.IsCompleted)
        {
            await socket.SendTextAsync("""{"type":"auth","token":"4711"}""");
            await Task.WhenAny(line, Task.Delay(20, TestContext.Current.CancellationToken));
        }

        Assert.Matches("^[0-9:.]{12}\t(in\ttext\t\\{\"type\":\"auth\",\"token\":\"\\*\\*\\*\"\\}|out\ttext\t\\{\"type\":\"error\".*)$", await line);
        var frame = await json.JsonAsync();
        Assert.Equal("""frame in text {"type":"auth","token":"***"}""", string.Join(' ', new[] { "event", "direction", "kind", "text" }.Select(name => frame.GetProperty(name).GetString())));
        using var closed = await http.PostAsync("/api/disconnect", new StringContent($$"""{"connection":"{{id}}","code":4110,"reason":"go"}""", System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
        Assert.True(closed.IsSuccessStatusCode);
        await socket.SendCloseAsync(4110);
        var (first, second) = (await json.EndAsync(), await text.EndAsync());
        Assert.Equal((0, 0), (first.Code, second.Code));
        Assert.EndsWith("""{"event":"end","why":"closed","code":4110,"reason":"go"}""", first.Text.TrimEnd(), StringComparison.Ordinal);
        Assert.Contains($"Following {id} (tidings, node ", second.Errors, StringComparison.Ordinal);
        Assert.Contains("The connection has ended: 4110 go.", second.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("4711", first.Text + second.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_followed_is_said_in_a_sentence()
    {
        await using var server = await LocalServer.StartAsync(("Tidings:ApiKey", "the-key-of-the-server-api"));
        (await server.RunAsync("follow", "nobody")).Fails(1, "refused: No node has such a connection.");
        (await server.RunAsync("follow", "nobody", "--api-key", "the-key-of-the-server-api")).Fails(1, "does not accept this API key");
        (await Tool.RunAsync("follow")).Fails(2, "\"tidings follow --help\" tells what it takes.");
    }
}
