using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Messages in as many fragments as bytes, or more, as CVE-2026-48779.</summary>
public abstract class B11_Fragments(string pump) : ServerTests(pump)
{
    private static readonly RawFrame First = new(RawFrame.TextOpcode, [65]) { Final = false };
    private static readonly RawFrame Next = new(RawFrame.Continuation, [65]) { Final = false };

    [Fact]
    public async Task Fragments_of_one_byte_end_at_the_hard_limit_with_1009()
    {
        const int Attackers = 10;
        await using var server = await StartAsync(("Tidings:Limits:HardMessageBytes", "64KB"));
        await using var control = await ControlPair.StartAsync(server.Port);
        byte[] flood = [.. First.ToBytes(), .. Enumerable.Repeat(Next.ToBytes(), 131_000).SelectMany(bytes => bytes)];
        await Task.WhenAll(Enumerable.Range(0, Attackers).Select(async _ =>
        {
            await using var socket = await server.ConnectAsync("/ws/lobby");
            var sending = socket.Tcp.TrySendAsync(flood);
            await socket.ExpectCloseAsync(1009, "Message too large");
            await socket.ExpectEndAsync();
            await sending;
        }));
        await control.ExpectUnharmedAsync();
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task Within_the_limit_they_make_one_message()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/echo");
        byte[] flood = [.. First.ToBytes(), .. Enumerable.Repeat(Next.ToBytes(), 30_000).SelectMany(bytes => bytes), .. (Next with { Final = true }).ToBytes()];
        await socket.Tcp.SendAsync(flood);
        await socket.ExpectTextAsync(new string('A', 30_002));
    }

    [Fact]
    public async Task Empty_fragments_harm_nobody_else()
    {
        await using var server = await StartAsync();
        await using var control = await ControlPair.StartAsync(server.Port);
        await using var socket = await server.ConnectAsync("/ws/lobby");
        await socket.SendAsync(First);
        byte[] flood = [.. Enumerable.Repeat((Next with { Payload = [] }).ToBytes(), 20_000).SelectMany(bytes => bytes)];
        for (var i = 0; i < 10; i++)
        {
            await socket.Tcp.SendAsync(flood);
        }

        await socket.SendAsync(Next with { Final = true });
        await socket.ExpectTextAsync("[lobby] AA");
        await control.ExpectUnharmedAsync();
    }
}
