using System.Text.Json;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.Channels.Tests.Rules;

/// <summary>A client of /connect that says and expects exactly what a test has.</summary>
internal sealed class ChannelClient : IAsyncDisposable
{
    private ChannelClient(RawWebSocket socket, string id)
    {
        Socket = socket;
        Id = id;
    }

    public RawWebSocket Socket { get; }

    /// <summary>The connection's public id.</summary>
    public string Id { get; }

    public static async Task<ChannelClient> ConnectAsync(TestServer server, RawOptions? options = null, string query = "")
    {
        var socket = await server.ConnectAsync("/connect?ping=frame" + query, options);
        var connected = Parse(await socket.ReceiveTextAsync());
        return new ChannelClient(socket, connected.GetProperty("connection").GetString()!);
    }

    public Task SendAsync(params IEnumerable<string> commands) => Socket.SendTogetherAsync(commands.Select(RawFrame.OfText));

    public Task<string> ReceiveAsync() => Socket.ReceiveTextAsync();

    public async Task<JsonElement> ReceiveJsonAsync() => Parse(await ReceiveAsync());

    public Task ExpectAsync(string text) => Socket.ExpectTextAsync(text);

    /// <summary>Sends a command and takes the next message as its answer.</summary>
    public async Task<JsonElement> AskAsync(string command)
    {
        await Socket.SendTextAsync(command);
        return await ReceiveJsonAsync();
    }

    public async Task ExpectErrorAsync(string command, string code, string error)
    {
        var answer = await AskAsync(command);
        Assert.Equal(("error", code, error), (Text(answer, "type"), Text(answer, "code"), Text(answer, "error")));
    }

    /// <summary>Subscribes and returns the epoch.</summary>
    public async Task<string> SubscribeAsync(string channel, string more = "")
    {
        var answer = await AskAsync($$"""{"type":"subscribe","channel":"{{channel}}"{{more}}}""");
        Assert.Equal("subscribed", Text(answer, "type"));
        return Text(answer, "epoch")!;
    }

    /// <summary>Expects that nothing more comes before the answer to a ping.</summary>
    public async Task ExpectNothingAsync()
    {
        await Socket.SendTextAsync("""{"type":"ping","id":"nothing"}""");
        await ExpectAsync("""{"type":"pong","id":"nothing"}""");
    }

    public static string? Text(JsonElement message, string field) => message.TryGetProperty(field, out var value) ? value.ToString() : null;

    public ValueTask DisposeAsync() => Socket.DisposeAsync();

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;
}
