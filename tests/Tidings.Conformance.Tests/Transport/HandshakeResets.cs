using TestKit;
using Tidings.Conformance.Tests.Infrastructure;

namespace Tidings.Conformance.Tests.Transport;

/// <summary>B22: peers that go at any point of the handshake leave nothing behind.</summary>
[Collection(Alone.Name)]
public abstract class HandshakeResets(string pump)
{
    private const int RoundsPerPoint = 12;

    private enum Leaving
    {
        Reset,
        Close,
        HalfClose,
    }

    [Fact]
    public async Task Peers_that_go_at_any_byte_leave_nothing_behind()
    {
        await using var server = await TestServer.StartAsync(pump);
        var upgrade = RawHead.Bytes(RawHead.Upgrade("/ws/lobby"));
        var get = RawHead.Bytes(RawHead.Get("/healthz"));
        await GoAsync(server, upgrade, 2);
        await GoAsync(server, get, 2);
        await server.ExpectIdleAsync();
        var before = Descriptors.Count;

        await GoAsync(server, upgrade, RoundsPerPoint);
        await GoAsync(server, get, RoundsPerPoint);

        await server.ExpectIdleAsync();
        await Descriptors.ExpectAtMostAsync(before);
        server.ExpectNothingLogged();
        await using var healthy = await server.ConnectAsync(RawHead.EchoPath);
        await healthy.SendTextAsync("still served");
        await healthy.ExpectTextAsync("still served");
    }

    [Fact]
    public async Task Peers_that_go_after_the_answer_leave_nothing_behind()
    {
        await using var server = await TestServer.StartAsync(pump);
        await ComeAndGoAsync(server, 50);
        await server.ExpectIdleAsync();
        var before = Descriptors.Count;
        await ComeAndGoAsync(server, 500);
        await server.ExpectIdleAsync();
        await Eventually.EqualAsync(0, () => server.Services.Node.Hub.Channels, "The number of channels");
        await Descriptors.ExpectAtMostAsync(before);
        server.ExpectNothingLogged();
    }

    [Theory]
    [InlineData("GET /ws/lobby HTTP/1.1\r\nHost: a\r\nUpgr")]
    [InlineData("G")]
    [InlineData("")]
    public async Task Half_a_head_and_the_end_is_the_end(string head)
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.SendAsync(head);
        tcp.HalfClose();
        await tcp.ExpectEndAsync();
        server.ExpectNothingLogged();
    }

    private static Task GoAsync(TestServer server, byte[] head, int rounds) =>
        Parallel.ForAsync(0, rounds * (head.Length + 1), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            await using var tcp = await RawTcp.ConnectAsync(server.Port);
            await tcp.TrySendAsync(head.AsMemory(0, i % (head.Length + 1)));
            switch ((Leaving)(i / (head.Length + 1) % 3))
            {
                case Leaving.Reset:
                    tcp.Reset();
                    break;
                case Leaving.HalfClose:
                    tcp.HalfClose();
                    break;
            }
        });

    private static Task ComeAndGoAsync(TestServer server, int count) =>
        Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            await using var socket = await server.ConnectAsync("/ws/room" + (i % 7));
            if (i % 2 == 0)
            {
                await socket.Tcp.TrySendAsync(RawFrame.OfText("half a message").ToBytes().AsMemory(0, i % 10));
            }

            if (i % 3 == 0)
            {
                socket.Tcp.Reset();
            }
        });
}

public sealed class HandshakeResetsOnLanes() : HandshakeResets(Pump.Lanes);

public sealed class HandshakeResetsOnStreams() : HandshakeResets(Pump.Streams);
