using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Tidings.EntityFrameworkCore.Tests.Infrastructure;

/// <summary>One who speaks to a feed.</summary>
internal sealed class FeedClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <summary>What the server closed with; null where it has not.</summary>
    public int? CloseCode => (int?)_socket.CloseStatus;

    public List<string> Texts { get; } = [];

    public static async Task<FeedClient> ConnectAsync(int port, string path)
    {
        var client = new FeedClient();
        client._socket.Options.Proxy = null;
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await client._socket.ConnectAsync(new Uri($"ws://127.0.0.1:{port}{path}"), limit.Token);
        return client;
    }

    public async Task SendAsync(string text)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, limit.Token);
    }

    /// <summary>The next message that is no ping; null at the end of the connection.</summary>
    public async Task<JsonElement?> ReceiveAsync(TimeSpan? wait = null)
    {
        using var limit = new CancellationTokenSource(wait ?? Eventually.Limit);
        while (true)
        {
            var length = 0;
            var text = new MemoryStream();
            WebSocketReceiveResult result;
            do
            {
                result = await _socket.ReceiveAsync(_buffer, limit.Token);
                text.Write(_buffer, 0, result.Count);
                length += result.Count;
            }
            while (!result.EndOfMessage);

            if (result.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            var message = Encoding.UTF8.GetString(text.ToArray());
            lock (Texts)
            {
                Texts.Add(message);
            }

            var json = JsonDocument.Parse(message).RootElement;
            if (!json.TryGetProperty("type", out var type) || type.GetString() != "ping")
            {
                return json;
            }
        }
    }

    public async Task<JsonElement> ExpectAsync(string type)
    {
        var message = await ReceiveAsync() ?? throw new ExpectationException($"Closed ({_socket.CloseStatus} {_socket.CloseStatusDescription}) instead of {type}");
        return message.TryGetProperty("type", out var actual) && actual.GetString() == type ? message : throw new ExpectationException($"{message} instead of {type}");
    }

    public async Task<JsonElement> ExpectErrorAsync(string error)
    {
        var message = await ReceiveAsync() ?? throw new ExpectationException("Closed");
        Assert.Equal(error, message.GetProperty("error").GetString());
        return message;
    }

    /// <summary>Says that nothing has come: what is sent after this call is the next thing.</summary>
    public async Task ExpectNothingAsync()
    {
        await SendAsync("""{"type":"ping"}""");
        await ExpectAsync("pong");
    }

    public ValueTask DisposeAsync()
    {
        _socket.Abort();
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
