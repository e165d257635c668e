using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.Channels.Tests.Centrifuge;

/// <summary>A client of the Centrifuge protocol by hand: what goes out and comes in, line by line.</summary>
internal sealed partial class CentrifugeClient(RawWebSocket socket) : IAsyncDisposable
{
    public const string Path = "/connection/websocket?ping=frame";
    public const string Secret = "a-secret-of-the-tests";

    private int _id;

    public RawWebSocket Socket => socket;

    /// <summary>The connection's id, once it is known.</summary>
    public string Id { get; private set; } = "";

    public static async Task<CentrifugeClient> OpenAsync(TestServer server) => new(await server.ConnectAsync(Path));

    /// <summary>Opens a connection and begins its session.</summary>
    public static async Task<CentrifugeClient> ConnectAsync(TestServer server, string? token = null)
    {
        var client = await OpenAsync(server);
        var reply = await client.AskAsync("connect", token is null ? "{}" : $$"""{"token":"{{token}}"}""");
        client.Id = reply.GetProperty("connect").GetProperty("client").GetString()!;
        return client;
    }

    public Task SendAsync(string lines) => socket.SendTextAsync(lines);

    public async Task<JsonElement> ReceiveAsync() => JsonElement.Parse(await socket.ReceiveTextAsync());

    public Task ExpectAsync(string line) => socket.ExpectTextAsync(line);

    /// <summary>Sends a command and takes the next line for its reply.</summary>
    public async Task<JsonElement> AskAsync(string method, string fields)
    {
        await SendAsync($$"""{"id":{{++_id}},"{{method}}":{{fields}}}""");
        var reply = await ReceiveAsync();
        Assert.Equal(_id, reply.GetProperty("id").GetInt32());
        return reply;
    }

    public async Task ExpectErrorAsync(string method, string fields, int code, bool temporary = false)
    {
        var error = (await AskAsync(method, fields)).GetProperty("error");
        Assert.Equal((code, temporary), (error.GetProperty("code").GetInt32(), error.TryGetProperty("temporary", out _)));
    }

    /// <summary>Subscribes, and returns what the reply says of it.</summary>
    public async Task<JsonElement> SubscribeAsync(string channel, string more = "") =>
        (await AskAsync("subscribe", $$"""{"channel":"{{channel}}"{{more}}}""")).GetProperty("subscribe");

    /// <summary>A token as a back end of the protocol signs it, HS256.</summary>
    public static string Token(object claims, string secret = Secret) => Token(JsonSerializer.Serialize(claims), secret);

    public static string Token(string claims, string secret = Secret)
    {
        var text = Url("""{"alg":"HS256","typ":"JWT"}"""u8) + "." + Url(Encoding.UTF8.GetBytes(claims));
        return text + "." + Url(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(text)));
    }

    /// <summary>The line with what differs from run to run taken out.</summary>
    public static string Plain(JsonElement line) => Random().Replace(line.GetRawText(), "~");

    public ValueTask DisposeAsync() => socket.DisposeAsync();

    private static string Url(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|(?<=\"epoch\":\")[0-9a-f]{16}")]
    private static partial Regex Random();
}
