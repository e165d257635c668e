using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using Tidings.Faults.Journals;

namespace Tidings.Faults.Readers;

/// <summary>By <c>WS /connect</c>.</summary>
internal sealed class WebSocketReader(ReaderContext context, SubscriptionTerms terms, Random random) : Reader(context, terms with { Transport = "ws" }, random)
{
    private const int LargestMessage = 4 * 1024 * 1024;

    protected override async Task<int> ReadAsync(Uri node, CancellationToken end)
    {
        using var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = LongestSilence / 5;
        socket.Options.KeepAliveTimeout = LongestSilence / 2;
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(end))
        {
            limit.CancelAfter(LongestSilence);
            await socket.ConnectAsync(new UriBuilder(node) { Scheme = "ws", Path = "/connect" }.Uri, limit.Token);
            await SubscribeAsync(socket, limit.Token);
        }

        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.GetMemory(8 * 1024), end);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return (int?)socket.CloseStatus ?? 1006;
            }

            buffer.Advance(part.Count);
            if (buffer.WrittenCount > LargestMessage)
            {
                return 1009;
            }

            if (!part.EndOfMessage)
            {
                continue;
            }

            using var document = JsonDocument.Parse(buffer.WrittenMemory);
            if (!Handle(document.RootElement))
            {
                return 1006;
            }

            buffer.ResetWrittenCount();
        }
    }

    private async Task SubscribeAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        var since = Journal.Cursor is { } cursor ? $$""","since":{"epoch":"{{cursor.Epoch}}","offset":{{cursor.Offset}}}""" : "";
        var command = $$"""{"type":"subscribe","id":1,"channel":"{{Terms.Channel}}"{{since}}}""";
        await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(command), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
    }

    /// <returns>Whether to go on.</returns>
    private bool Handle(JsonElement message)
    {
        switch (message.GetProperty("type").GetString())
        {
            case "connected":
                Connection = message.GetProperty("connection").GetString();
                return true;
            case "subscribed" when message.TryGetProperty("id", out _):
                Journal.Subscribed(PositionOf(message), Journal.Cursor, message.TryGetProperty("recovered", out var recovered) ? recovered.GetBoolean() : null);
                Live();
                return true;
            case "error" or "unsubscribed":
                return false;
            default:
                Told(message);
                return true;
        }
    }
}
