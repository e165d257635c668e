using System.Text.Json;

namespace Tidings.AspNetCore.Api.Tests.Infrastructure;

/// <summary>Speaks the channel protocol as a person at a console would.</summary>
internal sealed class ChannelClient : IAsyncDisposable
{
    private ChannelClient(RawWebSocket socket) => Socket = socket;

    public RawWebSocket Socket { get; }

    /// <summary>The first message.</summary>
    public JsonElement Connected { get; set; }

    public string Id => Connected.GetProperty("connection").GetString()!;

    public static async Task<ChannelClient> ConnectAsync(int port, string path) =>
        new(await RawWebSocket.ConnectAsync(port, path));

    public Task SendAsync(string json) => Socket.SendTextAsync(json);

    /// <summary>The next message, as text.</summary>
    public Task<string> ReceiveAsync() => Socket.ReceiveTextAsync();

    /// <summary>The next message, which must be of this type.</summary>
    public async Task<JsonElement> ExpectAsync(string type)
    {
        var text = await ReceiveAsync();
        var message = JsonDocument.Parse(text).RootElement.Clone();
        Assert.True(message.GetProperty("type").GetString() == type, $"expected {type}, got {text}");
        return message;
    }

    /// <summary>Sends a command, and takes the reply.</summary>
    public async Task<JsonElement> AskAsync(string json, string reply)
    {
        await SendAsync(json);
        return await ExpectAsync(reply);
    }

    public Task<JsonElement> SubscribeAsync(string channel) => AskAsync($$"""{"type":"subscribe","channel":"{{channel}}"}""", "subscribed");

    /// <summary>Publishes, and expects to be refused.</summary>
    public async Task<(string Code, string Error)> RefusedAsync(string json)
    {
        var error = await AskAsync(json, "error");
        return (error.GetProperty("code").GetString()!, error.GetProperty("error").GetString()!);
    }

    /// <summary>Nothing has come: an answer to a ping is next.</summary>
    public async Task ExpectNothingAsync() => await AskAsync("""{"type":"ping","id":"nothing"}""", "pong");

    public ValueTask DisposeAsync() => Socket.DisposeAsync();
}
