using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using TestKit;
using Tidings.Channels.Tests.Http;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.Channels.Tests.Rules;

/// <summary>Binary payloads: as they are to connections that asked for them, as <c>data64</c> to all others.</summary>
public abstract class BinaryRules(string pump) : ServerTests(pump)
{
    // No UTF-8, a line feed among them.
    private static readonly byte[] Payload = [0xFF, 0x0A, 0x00, 0xC3, 0x28];

    private const string Base64 = "/woAwyg=";

    [Theory]
    [InlineData("&binary=true", null, null)]
    [InlineData("&binary=true", "tidings.v1", "tidings.v1")]
    [InlineData("", "tidings.v1+binary", "tidings.v1+binary")]
    [InlineData("", "tidings.v1, tidings.v1+binary", "tidings.v1+binary")]
    [InlineData("&binary=1", "tidings.v1", "tidings.v1", false)]
    [InlineData("&binary=false", "other", null, false)]
    public async Task It_is_asked_for_by_subprotocol_or_address(string query, string? offered, string? chosen, bool isBinary = true)
    {
        await using var server = await StartAsync();
        (string, string?)[] headers = offered is null ? [] : [("Sec-WebSocket-Protocol", offered)];
        Assert.Equal(chosen, (await server.HandshakeAsync("/connect?ping=frame" + query, headers)).Header("Sec-WebSocket-Protocol"));
        await using var client = await ChannelClient.ConnectAsync(server, new RawOptions { Headers = headers }, query);
        await client.SubscribeAsync("chat:a");
        await server.Services.Node.Facade.PublishAsync("chat:a", Payload, cancellationToken: TestContext.Current.CancellationToken);
        if (isBinary)
        {
            await ExpectAsync(client, """{"type":"message","channel":"chat:a","offset":1,"time":""");
            return;
        }

        Assert.StartsWith($$"""{"type":"message","channel":"chat:a","offset":1,"data64":"{{Base64}}","time":""", await client.ReceiveAsync(), StringComparison.Ordinal);
        await client.Socket.SendBinaryAsync(Framed("""{"type":"publish","channel":"chat:a"}"""));
        await client.Socket.ExpectCloseInTheEndAsync(1003);
    }

    [Fact]
    public async Task What_is_said_in_a_binary_frame_is_heard_in_each_reader_s_own_form()
    {
        await using var server = await StartAsync();
        await using var speaker = await ConnectAsync(server);
        await using var text = await ChannelClient.ConnectAsync(server);
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?channel=room:a");
        await stream.ExpectAsync("connected");
        await using var room = await server.ConnectAsync("/ws/a");
        var epoch = await speaker.SubscribeAsync("room:a");
        await text.SubscribeAsync("room:a");
        await speaker.Socket.SendBinaryAsync(Framed("""{"type":"publish","id":7,"channel":"room:a","event":"pen","key":"k"}"""));
        await ExpectPublishedAsync(speaker, """{"type":"message","channel":"room:a","offset":1,"event":"pen","key":"k","time":""");
        var told = $$"""{"type":"message","channel":"room:a","offset":1,"event":"pen","data64":"{{Base64}}","key":"k","time":""";
        Assert.StartsWith(told, await text.ReceiveAsync(), StringComparison.Ordinal);
        Assert.StartsWith(told, await stream.ReceiveAsync(), StringComparison.Ordinal);
        Assert.Contains(told[..^1], await server.Http.GetStringAsync($"/connect?wait=0&channel=room:a&last=1", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Contains($"\"data64\":\"{Base64}\"", await server.Http.GetStringAsync("/api/history?channel=room:a", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        foreach (var reader in new[] { speaker, text })
        {
            var history = await reader.AskAsync("""{"type":"history","channel":"room:a"}""");
            Assert.Equal(Base64, ChannelClient.Text(history.GetProperty("messages")[0], "data64"));
        }

        // In a text room it is nothing, and the next one is there.
        await text.SendAsync("""{"type":"publish","channel":"room:a","data":"x"}""");
        await room.ExpectTextAsync("[a] x");

        // JSON comes as a text, also here.
        Assert.StartsWith("""{"type":"message","channel":"room:a","offset":2,"data":"x",""", await speaker.ReceiveAsync(), StringComparison.Ordinal);
        await using var later = await ConnectAsync(server);
        var subscribed = await later.AskAsync($$$"""{"type":"subscribe","channel":"room:a","since":{"epoch":"{{{epoch}}}","offset":0}}""");
        Assert.True(subscribed.GetProperty("recovered").GetBoolean());
        await ExpectAsync(later, """{"type":"message","channel":"room:a","offset":1,"event":"pen","key":"k","time":""");
        Assert.StartsWith("""{"type":"message","channel":"room:a","offset":2,"data":"x",""", await later.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Base64_is_taken_everywhere_and_reaches_binary_connections_as_bytes()
    {
        await using var server = await StartAsync();
        await using var reader = await ConnectAsync(server);
        await using var text = await ChannelClient.ConnectAsync(server);
        await reader.SubscribeAsync("chat:a");
        await text.SendAsync($$"""{"data64":"{{Base64}}","type":"publish","channel":"chat:a","ephemeral":true}""");
        await ExpectAsync(reader, """{"type":"message","channel":"chat:a","time":""");
        var body = new { channel = "chat:a", data64 = Base64, @event = "e" };
        using var published = await server.Http.PostAsJsonAsync("/api/publish", body, TestContext.Current.CancellationToken);
        Assert.Contains("\"offset\":1", await published.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await ExpectAsync(reader, """{"type":"message","channel":"chat:a","offset":1,"event":"e","time":""");
        using var batch = await server.Http.PostAsJsonAsync("/api/batch", new { commands = new[] { new { publish = body } } }, TestContext.Current.CancellationToken);
        Assert.Contains("\"offset\":2", await batch.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await ExpectAsync(reader, """{"type":"message","channel":"chat:a","offset":2,"event":"e","time":""");
        using var posted = await server.Http.PostAsJsonAsync("/connect", new { type = "publish", channel = "chat:a", data64 = "" }, TestContext.Current.CancellationToken);
        Assert.Contains("\"offset\":3", await posted.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await ExpectAsync(reader, """{"type":"message","channel":"chat:a","offset":3,"time":""", []);
    }

    [Theory]
    [InlineData("""{"channel":"chat:a","data64":"/woAwyg="}""", 200)]
    [InlineData("""{"channel":"chat:a","data64":"/woAwyg=","data":1}""", 400)]
    [InlineData("""{"channel":"chat:a","data64":"/woAwyg"}""", 400)]
    [InlineData("""{"channel":"chat:a","data64":"_woAwyg="}""", 400)]
    [InlineData("""{"channel":"chat:a","data64":"😀"}""", 400)]
    [InlineData("""{"channel":"chat:a","data64":null}""", 400)]
    [InlineData("""{"channel":"chat:a","data64":1}""", 400)]
    [InlineData("""{"channel":"board:a","data64":"/woAwyg=","remove":true,"key":"a"}""", 400)]
    public async Task What_is_no_base64_or_stands_beside_data_is_refused(string body, int status)
    {
        await using var server = await StartAsync(State);
        using var answer = await server.Http.PostAsync("/api/publish", new StringContent(body, Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)answer.StatusCode);
        await using var client = await ChannelClient.ConnectAsync(server);
        Assert.Equal(status == 200 ? "published" : "error", ChannelClient.Text(await client.AskAsync(body.Replace("{", "{\"type\":\"publish\",", StringComparison.Ordinal)), "type"));
    }

    [Fact]
    public async Task A_frame_that_has_no_sound_head_is_refused_and_the_connection_goes_on()
    {
        await using var server = await StartAsync();
        await using var client = await ConnectAsync(server);
        foreach (var (head, error) in new (byte[], string)[]
        {
            ([], "Invalid message format"), (Payload[..1], "Invalid message format"), ([0x0A], "Invalid JSON format"), ([0xFF, 0x0A, 1], "Invalid JSON format"),
            (Framed("{\"type\":\"publish\""), "Invalid JSON format"), (Framed("[]"), "Invalid message format"), (Framed("{}"), "Invalid message format"), (Framed("{} {}"), "Invalid JSON format"),
            (Framed("""{"type":"publish","channel":"chat:a","data":1}"""), "Invalid message format"), (Framed("""{"type":"publish","channel":"chat:a","data64":""}"""), "Invalid message format"),
            (Framed("""{"type":"publish","channel":"chat:a","remove":true,"key":"k"}"""), "Invalid message format"), (Framed("""{"type":"publish"}"""), "Invalid message format"),
            (Framed("""{"type":"send","to":"bob"}"""), "Invalid message format"), (Framed("""{"type":"ping"}"""), "Invalid message format"),
            (Framed($$"""{"type":"publish","channel":"chat:a","x":"{{new string('x', 8192)}}"}"""), "Invalid message format"),
            ([.. "{\"type\":\"publish\",\"channel\":\"chat:a\",\"key\":\""u8, 0xFF, .. "\"}\n"u8], "Invalid JSON format"),
        })
        {
            await client.Socket.SendBinaryAsync(head);
            var answer = await client.ReceiveJsonAsync();
            Assert.Equal(("error", "bad_request", error), (ChannelClient.Text(answer, "type"), ChannelClient.Text(answer, "code"), ChannelClient.Text(answer, "error")));
        }

        await client.Socket.SendBinaryAsync(Framed("""{"type":"publish","id":1,"channel":"chat:a"}"""));
        Assert.Equal("published", ChannelClient.Text(await client.ReceiveJsonAsync(), "type"));
        for (var i = 0; i < 21; i++)
        {
            await client.Socket.SendBinaryAsync([1]);
        }

        await client.Socket.ExpectCloseInTheEndAsync(1003, "Invalid message");
    }

    [Fact]
    public async Task A_head_of_a_megabyte_is_a_message_too_large_and_nothing_of_it_is_kept()
    {
        await using var server = await StartAsync(("Tidings:Limits:MessageBytes", "65536"), ("Tidings:Limits:HardMessageBytes", "2097152"));
        await using var client = await ConnectAsync(server);
        await client.Socket.SendBinaryAsync(Framed($$"""{"type":"publish","channel":"chat:a","x":"{{new string('x', 1 << 20)}}"}"""));
        Assert.Equal("too_large", ChannelClient.Text(await client.ReceiveJsonAsync(), "code"));
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("/ws/a"), InlineData("/connect")]
    public async Task A_route_of_text_closes_with_1003(string path)
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync(path);
        await socket.SendBinaryAsync(Framed("""{"type":"publish","channel":"chat:a"}"""));
        await socket.ExpectCloseInTheEndAsync(1003);
    }

    [Fact]
    public async Task Who_is_nobody_yet_may_say_nothing_in_a_binary_frame()
    {
        await using var server = await StartAsync(
            ("Tidings:Jwt:Secret", "b1na7y-9f3c5a7e1d2b4c6a8e0f-of-a-test"), ("Tidings:RequireAuthentication", "true"));
        await using var socket = await server.ConnectAsync("/connect?binary=true");
        await socket.SendBinaryAsync(Framed("""{"type":"publish","channel":"chat:a"}"""));
        await socket.ExpectCloseInTheEndAsync(1003);
    }

    [Fact]
    public async Task However_a_frame_is_cut_it_is_one_message()
    {
        await using var server = await StartAsync(("Tidings:Limits:MessagesPerSecond", "0"));
        await using var client = await ConnectAsync(server);
        await client.SubscribeAsync("chat:a");
        var message = Framed("""{"type":"publish","channel":"chat:a","ephemeral":true}""");
        for (var at = 0; at <= message.Length; at++)
        {
            await client.Socket.SendTogetherAsync(RawFrame.OfBinary(message[..at]) with { Final = false }, new RawFrame(RawFrame.Continuation, message[at..]));
            await ExpectPublishedAsync(client, """{"type":"message","channel":"chat:a","time":""");
        }

        await client.Socket.SendInPiecesAsync(RawFrame.OfBinary(message));
        await ExpectPublishedAsync(client, """{"type":"message","channel":"chat:a","time":""");
    }

    [Fact]
    public async Task A_state_lists_base64_and_what_is_new_comes_as_it_is()
    {
        await using var server = await StartAsync(State);
        await using var writer = await ConnectAsync(server);
        await writer.Socket.SendBinaryAsync(Framed("""{"type":"publish","id":1,"channel":"board:a","key":"k"}"""));
        Assert.Equal("published", ChannelClient.Text(await writer.ReceiveJsonAsync(), "type"));
        await using var reader = await ConnectAsync(server);
        await reader.SubscribeAsync("board:a", ",\"state\":true");
        var state = await reader.ReceiveJsonAsync();
        Assert.Equal(("k", Base64), (ChannelClient.Text(state.GetProperty("entries")[0], "key"), ChannelClient.Text(state.GetProperty("entries")[0], "data64")));
        await writer.Socket.SendBinaryAsync(Framed("""{"type":"publish","id":2,"channel":"board:a","key":"k"}"""));
        await ExpectAsync(reader, """{"type":"message","channel":"board:a","offset":2,"key":"k","time":""");
        var own = await server.Services.Node.Facade.ReadStateAsync("board:a", TestContext.Current.CancellationToken);
        Assert.Equal(Payload, own.Messages[0].Read<byte[]>());
        Assert.True(own.Messages[0].Data.IsEmpty);
    }

    [Fact]
    public async Task Code_of_the_process_says_and_hears_the_very_bytes()
    {
        await using var server = await StartAsync();
        var tidings = server.Services.Node.Facade;
        await using var heard = tidings.SubscribeAsync("chat:a", cancellationToken: TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var first = heard.MoveNextAsync();
        await tidings.PublishAsync("chat:a", Payload, cancellationToken: TestContext.Current.CancellationToken);
        await tidings.PublishAsync("chat:a", Payload.AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
        await tidings.PublishAsync("chat:a", (ReadOnlyMemory<byte>)Payload, new PublishOptions { Event = "e" }, TestContext.Current.CancellationToken);
        await tidings.PublishAsync("chat:a", 1, cancellationToken: TestContext.Current.CancellationToken);
        for (var i = 1; i <= 4; i++)
        {
            Assert.True(await (i == 1 ? first : heard.MoveNextAsync()));
            Assert.Equal(i < 4 ? Payload : null, heard.Current.Bytes?.ToArray());
            Assert.Equal((i, i < 4 ? "" : "1"), (heard.Current.Position.Offset, Encoding.UTF8.GetString(heard.Current.Data.Span)));
        }
    }

    private static readonly (string, string?)[] State =
        [("Tidings:Channels:0:Pattern", "board:*"), ("Tidings:Channels:0:Publish", "anyone"), ("Tidings:Channels:0:State", "true"), ("Tidings:Channels:1:Pattern", "chat:*"), ("Tidings:Channels:1:Publish", "anyone")];

    private static Task<ChannelClient> ConnectAsync(TestServer server) => ChannelClient.ConnectAsync(server, query: "&binary=true");

    private static byte[] Framed(string head) => [.. Encoding.UTF8.GetBytes(head), (byte)'\n', .. Payload];

    private static async Task ExpectAsync(ChannelClient client, string head, byte[]? payload = null) => Check(await client.Socket.ReceiveAsync(), head, payload ?? Payload);

    // A message to oneself and the answer may come either way round.
    private static async Task ExpectPublishedAsync(ChannelClient client, string head)
    {
        RawFrame[] frames = [await client.Socket.ReceiveAsync(), await client.Socket.ReceiveAsync()];
        Assert.Contains("published", Assert.Single(frames, static frame => frame.Opcode == RawFrame.TextOpcode).Text, StringComparison.Ordinal);
        Check(Assert.Single(frames, static frame => frame.Opcode == RawFrame.BinaryOpcode), head, Payload);
    }

    private static void Check(RawFrame frame, string head, byte[] payload)
    {
        Assert.Equal(RawFrame.BinaryOpcode, frame.Opcode);
        var end = frame.Payload.AsSpan().IndexOf((byte)'\n');
        var line = Encoding.UTF8.GetString(frame.Payload, 0, end);
        Assert.StartsWith(head, line, StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Object, JsonElement.Parse(line).ValueKind);
        Assert.Equal(payload, frame.Payload[(end + 1)..]);
    }
}
