using TestKit;
using Tidings.Conformance.Tests.Infrastructure;

namespace Tidings.Conformance.Tests.Transport;

/// <summary>RFC 6455 §4.2: the opening handshake, however its bytes come.</summary>
public abstract class HandshakeHeads(string pump)
{
    [Fact]
    public async Task A_head_may_be_cut_anywhere()
    {
        await using var server = await TestServer.StartAsync(pump);
        var head = RawHead.Bytes(RawHead.Upgrade());
        await Parallel.ForAsync(1, head.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (at, _) =>
        {
            await using var tcp = await RawTcp.ConnectAsync(server.Port);
            await tcp.SendAsync(head.AsMemory(0, at));
            await tcp.SendAsync(head.AsMemory(at));
            await tcp.ExpectStatusAsync(101);
            await tcp.ExpectEchoAsync("cut");
        });
        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task A_head_may_come_byte_by_byte()
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        foreach (var b in RawHead.Bytes(RawHead.Upgrade()))
        {
            await tcp.SendAsync(new[] { b });
        }

        await tcp.ExpectStatusAsync(101);
        await tcp.ExpectEchoAsync("whole");
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(3, 100)]
    [InlineData(50, 4_000)]
    [InlineData(2, 200_000)]
    public async Task Frames_in_the_same_segment_as_the_head_are_not_lost(int count, int length)
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        var texts = Enumerable.Range(0, count).Select(i => new string((char)('a' + (i % 26)), length)).ToList();
        byte[] together = [.. RawHead.Bytes(RawHead.Upgrade()), .. texts.SelectMany(text => RawFrame.OfText(text).ToBytes())];
        var sending = tcp.SendAsync(together);
        await tcp.ExpectStatusAsync(101);
        foreach (var text in texts)
        {
            await tcp.ExpectEchoAsync(text, send: false);
        }

        await sending;
        await tcp.ExpectEchoAsync("and more");
    }

    [Fact]
    public async Task A_frame_may_begin_in_the_segment_of_the_head()
    {
        await using var server = await TestServer.StartAsync(pump);
        var frame = RawFrame.OfText("cut").ToBytes();
        for (var at = 0; at <= frame.Length; at++)
        {
            await using var tcp = await RawTcp.ConnectAsync(server.Port);
            await tcp.SendAsync((byte[])[.. RawHead.Bytes(RawHead.Upgrade()), .. frame[..at]]);
            await tcp.ExpectStatusAsync(101);
            await tcp.SendAsync(frame.AsMemory(at));
            await tcp.ExpectEchoAsync("cut", send: false);
        }
    }

    [Fact]
    public async Task A_close_frame_behind_the_head_is_answered()
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.SendAsync((byte[])[.. RawHead.Bytes(RawHead.Upgrade()), .. RawFrame.OfText("bye").ToBytes(), .. RawFrame.Close().ToBytes()]);
        await tcp.ExpectStatusAsync(101);
        await tcp.ExpectEchoAsync("bye", send: false);
        Assert.Equal(RawFrame.CloseOpcode, (await tcp.ReadFrameAsync())?.Opcode);
        Assert.Null(await tcp.ReadFrameAsync());
        Assert.Equal(TcpEnd.Eof, tcp.Ended);
    }

    [Theory]
    [InlineData(8_190)]
    [InlineData(8_191)]
    [InlineData(8_192)]
    [InlineData(8_193)]
    [InlineData(20_000)]
    public async Task A_long_head_is_served(int length)
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        var bare = RawHead.Upgrade(headers: ("X-Padding", "")).Length;
        var head = RawHead.Upgrade(headers: [("X-Padding", new string('p', Math.Min(7_000, length - bare))), .. More(length - bare - 7_000)]);
        await tcp.SendAsync(head);
        await tcp.ExpectStatusAsync(101);
        await tcp.ExpectEchoAsync("long");
    }

    [Fact]
    public async Task A_head_beyond_all_limits_is_refused()
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.TrySendAsync(RawHead.Bytes(RawHead.Upgrade(headers: ("X-Padding", new string('p', 60_000)))));
        await tcp.ExpectStatusAsync(431);
        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }

    private static IEnumerable<(string, string?)> More(int length) => length <= 0 ? [] : [("X-More", new string('m', Math.Max(0, length - "X-More: \r\n".Length)))];
}

public sealed class HandshakeHeadsOnLanes() : HandshakeHeads(Pump.Lanes);

public sealed class HandshakeHeadsOnStreams() : HandshakeHeads(Pump.Streams);
