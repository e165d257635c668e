using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;
using static Tidings.Channels.Tests.Centrifuge.Protobuf;

namespace Tidings.Channels.Tests.Centrifuge;

public sealed class LanePumpCentrifugeProtobufRules() : CentrifugeProtobufRules(Pump.Lanes);

public sealed class StreamPumpCentrifugeProtobufRules() : CentrifugeProtobufRules(Pump.Streams);

/// <summary>The Centrifuge protocol in Protobuf on the wire. Its own client is tested in clients/js/test/centrifuge.test.js.</summary>
public abstract class CentrifugeProtobufRules(string pump) : ServerTests(pump)
{
    private const string Path = "/connection/websocket?cf_protocol=protobuf";

    private static readonly (string, string?)[] On = [("Tidings:Centrifuge:Enabled", "true"), ("Tidings:Heartbeat:Interval", "25s")];

    [Fact]
    public async Task It_is_chosen_by_subprotocol_or_address_and_its_frames_are_binary()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, On);
        var handshake = await server.HandshakeAsync("/connection/websocket", ("Sec-WebSocket-Protocol", "other, centrifuge-protobuf"));
        Assert.Equal((101, "centrifuge-protobuf"), (handshake.Status, handshake.Header("Sec-WebSocket-Protocol")));
        await using var socket = await server.ConnectAsync(Path);
        await socket.SendBinaryAsync([.. Framed(Number(1, 1), Message(4)), .. Framed(Number(1, 2), Message(5, Text(1, "chat:a"))), .. Framed(Number(1, 3), Message(7, Text(1, "chat:a"), Text(2, "{\"hi\":1}")))]);
        Assert.StartsWith("08012A", Convert.ToHexString(await ReceiveAsync(socket)), StringComparison.Ordinal);
        Assert.StartsWith("080232", Convert.ToHexString(await ReceiveAsync(socket)), StringComparison.Ordinal);
        string[] last = [Convert.ToHexString(await ReceiveAsync(socket)), Convert.ToHexString(await ReceiveAsync(socket))];
        Assert.Contains(Convert.ToHexString([.. Number(1, 3), .. Message(8)]), last);
        Assert.Contains(Convert.ToHexString(Message(4, Text(2, "chat:a"), Message(4, Text(4, "{\"hi\":1}"), Number(6, 1)))), last);
        time.Advance(TimeSpan.FromSeconds(25));
        await socket.ExpectBinaryAsync([0]);
        await socket.ExpectPingAsync();
        await socket.SendBinaryAsync([0]);
        await socket.SendBinaryAsync(Framed(Number(1, 4), Message(13, Text(2, "none"))));
        Assert.Equal(Convert.ToHexString([.. Number(1, 4), .. Message(2, Number(1, 104), Text(2, "method not found"))]), Convert.ToHexString(await ReceiveAsync(socket)));
        await socket.SendTextAsync("{}");
        await socket.ExpectCloseInTheEndAsync(3501, "bad request");
    }

    [Theory]
    [InlineData("00")]
    [InlineData("ff")]
    [InlineData("ffffffff0f")]
    [InlineData("0408012a00")]
    public async Task What_does_not_begin_with_connect_ends_it(string hex)
    {
        await using var server = await StartAsync(On);
        await using var socket = await server.ConnectAsync(Path);
        await socket.SendBinaryAsync(Convert.FromHexString(hex));
        await socket.ExpectCloseInTheEndAsync(3501, "bad request");
    }

    [Fact]
    public async Task Bytes_that_are_no_JSON_are_bytes_and_in_JSON_they_have_a_name()
    {
        await using var server = await StartAsync(On);
        await using var json = await server.ConnectAsync("/connection/websocket");
        await json.SendTextAsync("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"chat:a\"}}");
        await json.ReceiveTextAsync();
        await json.ReceiveTextAsync();
        await using var socket = await server.ConnectAsync(Path);
        await socket.SendBinaryAsync([.. Framed(Number(1, 1), Message(4)), .. Framed(Number(1, 2), Message(5, Text(1, "chat:a")))]);
        await ReceiveAsync(socket);
        await ReceiveAsync(socket);
        await socket.SendBinaryAsync(Framed(Number(1, 3), Message(7, Text(1, "chat:a"), Bytes(2, [0xFF, 0x0A, 0x00]))));
        string[] last = [Convert.ToHexString(await ReceiveAsync(socket)), Convert.ToHexString(await ReceiveAsync(socket))];
        Assert.Contains(Convert.ToHexString(Message(4, Text(2, "chat:a"), Message(4, Bytes(4, [0xFF, 0x0A, 0x00]), Number(6, 1)))), last);
        await json.ExpectTextAsync("""{"push":{"channel":"chat:a","pub":{"data":{"data64":"/woA"},"offset":1}}}""");

        // Also where it is read back.
        await socket.SendBinaryAsync(Framed(Number(1, 4), Message(10, Text(1, "chat:a"), Number(7, 1))));
        Assert.Contains(Convert.ToHexString(Bytes(4, [0xFF, 0x0A, 0x00])), Convert.ToHexString(await ReceiveAsync(socket)), StringComparison.Ordinal);
        await json.SendTextAsync("{\"id\":3,\"history\":{\"channel\":\"chat:a\",\"limit\":1}}");
        Assert.Contains("""{"data":{"data64":"/woA"},"offset":1}""", await json.ReceiveTextAsync(), StringComparison.Ordinal);
    }

    // One frame has one reply, with its length before it.
    private static async Task<byte[]> ReceiveAsync(RawWebSocket socket)
    {
        var frame = await socket.ReceiveAsync();
        Assert.Equal(RawFrame.BinaryOpcode, frame.Opcode);
        var header = frame.Payload[0] < 0x80 ? 1 : 2;
        return frame.Payload[header..];
    }
}
