using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Text that is no UTF-8 (Autobahn's group 6).</summary>
public abstract class B19_Utf8(string pump) : ServerTests(pump)
{
    [Theory]
    [InlineData("80", "a continuation alone")]
    [InlineData("C080", "overlong, two bytes")]
    [InlineData("E08080", "overlong, three bytes")]
    [InlineData("F0808080", "overlong, four bytes")]
    [InlineData("EDA080", "a surrogate")]
    [InlineData("EDBFBF", "a surrogate")]
    [InlineData("F4908080", "over U+10FFFF")]
    [InlineData("F888808080", "five bytes")]
    [InlineData("FF", "no UTF-8 at all")]
    [InlineData("E4B8", "cut short")]
    [InlineData("C3", "cut short")]
    public async Task Bad_text_is_closed_with_1007(string hex, string what)
    {
        await using var server = await StartAsync();
        await using var control = await ControlPair.StartAsync(server.Port);
        foreach (var path in new[] { "/ws", "/ws/lobby", "/ws/echo" })
        {
            await using var socket = await server.ConnectAsync(path);
            await socket.SendAsync(new RawFrame(RawFrame.TextOpcode, [.. "ok: "u8, .. Convert.FromHexString(hex)]));
            await socket.ExpectCloseAsync(1007);
            await socket.ExpectEndAsync();
        }

        await control.ExpectUnharmedAsync();
        Assert.True(server.Log.Count == 0, what);
    }

    [Theory]
    [InlineData("CEBAE1BDB9CF83CEBCCEB5EDA080")]
    [InlineData("C0")]
    [InlineData("F490")]
    public async Task A_bad_byte_is_noticed_before_its_message_ends(string hex)
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws");
        await socket.SendAsync(new RawFrame(RawFrame.TextOpcode, Convert.FromHexString(hex)) { Final = false });
        await socket.ExpectCloseAsync(1007);
    }

    [Fact]
    public async Task A_code_point_may_be_split_over_fragments_at_every_byte()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/echo");
        var text = "aé中👋\u0000\uFFFF\U0010FFFF";
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        for (var at = 0; at <= bytes.Length; at++)
        {
            await socket.SendTogetherAsync(
                new RawFrame(RawFrame.TextOpcode, bytes[..at]) { Final = false },
                new RawFrame(RawFrame.Continuation, bytes[at..]));
            await socket.ExpectTextAsync(text);
        }
    }

    [Fact]
    public async Task A_code_point_that_the_next_fragment_does_not_finish_is_closed_with_1007()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/echo");
        await socket.SendTogetherAsync(
            new RawFrame(RawFrame.TextOpcode, [0xE4, 0xB8]) { Final = false },
            new RawFrame(RawFrame.Continuation, [0x41]) { Final = false });
        await socket.ExpectCloseAsync(1007);
    }

    [Fact]
    public async Task A_bad_byte_in_the_reason_of_a_close_is_closed_with_1007()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/lobby");
        await socket.SendAsync(new RawFrame(RawFrame.CloseOpcode, [0x03, 0xE8, 0xC3, 0x28]));
        await socket.ExpectCloseAsync(1007);
        await socket.ExpectEofAsync();
    }

    [Fact]
    public async Task Binary_messages_and_pings_may_hold_any_bytes()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws");
        byte[] bytes = [0xC0, 0x80, 0xFF, 0xED, 0xA0];
        await socket.SendBinaryAsync(bytes);
        await socket.ExpectBinaryAsync(bytes);
        await socket.SendAsync(RawFrame.Ping(bytes));
        var pong = await socket.ReceiveAsync();
        Assert.Equal((RawFrame.PongOpcode, Convert.ToHexString(bytes)), (pong.Opcode, Convert.ToHexString(pong.Payload)));
    }
}
