using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Rules;

public abstract class HeartbeatRules(string pump) : ServerTests(pump)
{
    private const string Ping = """{"type":"ping"}""";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private readonly ManualTime _time = new();

    [Fact]
    public async Task Every_30_s_comes_the_text_ping_and_a_protocol_ping_right_behind_it()
    {
        await using var server = await StartAsync(_time);
        await using var socket = await server.ConnectSettledAsync("/ws/lobby");
        for (var i = 0; i < 5; i++)
        {
            _time.Advance(Interval);
            await socket.ExpectTextAsync(Ping);
            await socket.ExpectPingAsync();
            await socket.SendPongAsync();
            await SettleAsync(socket);
        }
    }

    [Fact]
    public async Task No_ping_comes_before_its_time()
    {
        await using var server = await StartAsync(_time);
        await using var socket = await server.ConnectSettledAsync("/ws/lobby");
        _time.Advance(Interval - TimeSpan.FromMilliseconds(1));
        await SettleAsync(socket);
        _time.Advance(TimeSpan.FromMilliseconds(200));
        await socket.ExpectTextAsync(Ping);
    }

    [Fact]
    public async Task With_ping_frame_there_is_no_text()
    {
        await using var server = await StartAsync(_time);
        await using var socket = await server.ConnectSettledAsync("/ws/lobby?ping=frame");
        _time.Advance(Interval);
        await socket.ExpectPingAsync();
        await SettleAsync(socket);
    }

    [Theory]
    [InlineData("/ws")]
    [InlineData("/ws/lobby")]
    [InlineData("/ws/lobby?ping=frame")]
    public async Task Who_is_silent_for_two_intervals_is_closed_with_1001(string path)
    {
        await using var server = await StartAsync(_time);
        await using var socket = await server.ConnectSettledAsync(path);
        _time.Advance(Interval);
        Assert.Equal(RawFrame.PingOpcode, (await ReceivePingsAsync(socket)).Opcode);
        _time.Advance(Interval + TimeSpan.FromMilliseconds(200));
        await socket.ExpectCloseAsync(1001);
        await socket.SendCloseAsync(1001);
        await socket.ExpectEofAsync();
        await socket.DisposeAsync();
        await server.ExpectIdleAsync();
    }

    [Theory]
    [InlineData("pong frame")]
    [InlineData("pong text")]
    [InlineData("content")]
    [InlineData("half a frame")]
    public async Task Any_traffic_is_life(string life)
    {
        await using var server = await StartAsync(_time);
        await using var socket = await server.ConnectSettledAsync("/ws/lobby?ping=frame");
        for (var i = 0; i < 6; i++)
        {
            _time.Advance(Interval);
            await socket.ExpectPingAsync();
            await (life switch
            {
                "pong frame" => socket.SendPongAsync(),
                "pong text" => socket.SendTextAsync("""{"type":"pong"}"""),
                "content" => socket.SendTextAsync("x"),
                _ => socket.Tcp.SendAsync(RawFrame.OfText("y").ToBytes().AsMemory(0, 3)),
            });
            if (life == "content")
            {
                await socket.ExpectTextAsync("[lobby] x");
            }

            if (life == "half a frame")
            {
                await socket.Tcp.SendAsync(RawFrame.OfText("y").ToBytes().AsMemory(3));
                await socket.ExpectTextAsync("[lobby] y");
            }

            await SettleAsync(socket);
        }
    }

    [Fact]
    public async Task Being_spoken_to_is_no_life()
    {
        await using var server = await StartAsync(_time);
        await using var socket = await server.ConnectSettledAsync("/ws/lobby?ping=frame");
        _time.Advance(Interval);
        await socket.ExpectPingAsync();
        await server.PublishAsync("lobby", "are you there?");
        await socket.ExpectTextAsync("[lobby] are you there?");
        _time.Advance(Interval + TimeSpan.FromMilliseconds(200));
        await socket.ExpectCloseAsync(1001);
    }

    [Fact]
    public async Task The_interval_is_an_option()
    {
        await using var server = await StartAsync(_time, ("Tidings:Heartbeat:Interval", "200ms"));
        await using var socket = await server.ConnectSettledAsync("/ws/lobby?ping=frame");
        _time.Advance(TimeSpan.FromMilliseconds(300));
        await socket.ExpectPingAsync();
    }

    [Fact]
    public async Task An_interval_of_0_switches_it_off()
    {
        await using var server = await StartAsync(_time, ("Tidings:Heartbeat:Interval", "0"));
        await using var socket = await server.ConnectSettledAsync("/ws/lobby");
        _time.Advance(TimeSpan.FromDays(2));
        await SettleAsync(socket);
    }

    [Fact]
    public async Task Half_a_message_and_then_silence_ends_after_10_s_with_1001()
    {
        await using var server = await StartAsync(_time);
        await using var socket = await server.ConnectSettledAsync("/ws/lobby");
        await SettleAsync(socket);
        var frame = RawFrame.OfText("never finished").ToBytes();

        // With the answer to the ping before it, the beginning of the frame has been read.
        await socket.Tcp.SendAsync(RawFrame.Ping().ToBytes().Concat(frame.Take(5)).ToArray());
        await socket.ExpectPongAsync();
        _time.Advance(TimeSpan.FromSeconds(9.9));
        await server.PublishAsync("lobby", "go on");
        await socket.ExpectTextAsync("[lobby] go on");
        _time.Advance(TimeSpan.FromSeconds(0.3));
        await socket.ExpectCloseAsync(1001);
        await socket.ExpectEndAfterAsync(_time);
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task Half_a_fragmented_message_and_then_silence_ends_without_a_heartbeat_too()
    {
        await using var server = await StartAsync(_time);
        await using var socket = await server.ConnectSettledAsync("/ws/echo");
        await socket.SendTogetherAsync(new RawFrame(RawFrame.TextOpcode, [65]) { Final = false }, RawFrame.Ping());
        await socket.ExpectPongAsync();
        _time.Advance(TimeSpan.FromSeconds(10.2));
        await socket.ExpectCloseAsync(1001);
    }

    private static async Task SettleAsync(RawWebSocket socket)
    {
        await socket.SendPingAsync("settled");
        await socket.ExpectPongAsync("settled");
    }

    private static async Task<RawFrame> ReceivePingsAsync(RawWebSocket socket)
    {
        var frame = await socket.ReceiveAsync();
        return frame.Opcode == RawFrame.TextOpcode ? await socket.ReceiveAsync() : frame;
    }
}
