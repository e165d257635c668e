using System.Text.Json;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Security;

/// <content>What the tests do again and again.</content>
public partial class AuthenticationRules
{
    internal static async Task<RawWebSocket> ConnectAsync(TestServer server, string path, string way, string token)
    {
        switch (way)
        {
            case "header":
                return await server.ConnectAsync(path, new RawOptions { Headers = [("Authorization", "Bearer " + token)] });
            case "subprotocol":
                return await server.ConnectAsync(path, new RawOptions { Headers = [("Sec-WebSocket-Protocol", "tidings.v1, bearer." + token)] });
            case "query":
                return await server.ConnectAsync(path + "?token=" + token);
            case "ticket":
                return await server.ConnectAsync(path + "?ticket=" + await server.TicketAsync(token));
            case "cookie":
                return await server.ConnectAsync(path, new RawOptions { Headers = [("Cookie", "a=b; session_id=" + token), ("Origin", $"http://127.0.0.1:{server.Port}")] });
            default:
                var socket = await server.ConnectAsync(path);
                await socket.SendTextAsync($$"""{"type":"auth","token":"{{token}}"}""");
                return socket;
        }
    }

    private static async Task ExpectAcceptedAsync(RawWebSocket socket, string way)
    {
        if (way == "message")
        {
            await socket.ExpectTextAsync("""{"type":"auth_success","user":"ann"}""");
        }
    }

    private static async Task SettleAsync(RawWebSocket socket, string path)
    {
        await socket.SendTextAsync("""{"type":"ping"}""");
        while (await socket.ReceiveTextAsync() is var text && text != """{"type":"pong"}""")
        {
            Assert.Equal("/connect", path);
            Assert.Contains("connected", text, StringComparison.Ordinal);
        }
    }

    private static async Task<JsonElement> ExpectTypeAsync(RawWebSocket socket, string type)
    {
        var received = JsonElement.Parse(await socket.ReceiveTextAsync());
        Assert.Equal(type, received.GetProperty("type").GetString());
        return received;
    }

    private static async Task<JsonElement> ExpectEitherAsync(RawWebSocket socket, string type)
    {
        while (true)
        {
            var received = JsonElement.Parse(await socket.ReceiveTextAsync());
            if (received.GetProperty("type").GetString() == type)
            {
                return received;
            }
        }
    }
}
