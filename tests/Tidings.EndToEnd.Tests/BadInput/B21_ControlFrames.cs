using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Control frames that are too long, in fragments, or too many.</summary>
public abstract class B21_ControlFrames(string pump) : ServerTests(pump)
{
    private static readonly (string, string?)[] Defaults = [("Tidings:Limits:Preset", "default"), ("Tidings:Limits:MessagesPerSecond", "100000"), ("Tidings:Limits:MessageBurst", "100000")];

    [Fact]
    public async Task A_ping_of_126_bytes_is_closed_with_1002()
    {
        await using var server = await StartAsync();
        await using var control = await ControlPair.StartAsync(server.Port);
        foreach (var frame in new[] { RawFrame.Ping(new byte[126]), RawFrame.Pong(new byte[126]), RawFrame.Close(1000, new string('x', 124)) })
        {
            await using var socket = await server.ConnectAsync("/ws/lobby");
            await socket.SendAsync(frame);
            await socket.ExpectCloseAsync(1002);
        }

        await control.ExpectUnharmedAsync();
    }

    [Fact]
    public async Task A_ping_in_fragments_is_closed_with_1002()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/lobby");
        await socket.SendAsync(RawFrame.Ping([1]) with { Final = false });
        await socket.ExpectCloseAsync(1002);
    }

    [Theory]
    [InlineData("ping frame")]
    [InlineData("pong frame")]
    [InlineData("ping text")]
    [InlineData("pong text")]
    public async Task A_flood_of_them_is_closed_with_1008_and_harms_nobody_else(string kind)
    {
        await using var server = await StartAsync(Defaults);
        await using var control = await ControlPair.StartAsync(server.Port);
        await using var socket = await server.ConnectAsync("/ws/lobby");
        var frame = kind switch
        {
            "ping frame" => RawFrame.Ping([1]),
            "pong frame" => RawFrame.Pong([1]),
            "ping text" => RawFrame.OfText("""{"type":"ping"}"""),
            _ => RawFrame.OfText("""{"type":"pong"}"""),
        };
        var sending = socket.Tcp.TrySendAsync(Enumerable.Repeat(frame.ToBytes(), 10_000).SelectMany(bytes => bytes).ToArray());
        await socket.ExpectCloseInTheEndAsync(1008, "Rate limit exceeded");
        await socket.ExpectEndAsync();
        await sending;
        await control.ExpectUnharmedAsync();
        server.ExpectNothingLogged();
    }
}
