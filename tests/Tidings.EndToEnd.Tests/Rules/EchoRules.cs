using System.Text;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Rules;

public abstract class EchoRules(string pump) : ServerTests(pump)
{
    [Theory]
    [InlineData("hello", "Echo: hello")]
    [InlineData("", "Echo: ")]
    [InlineData("""{"a":1}""", """Echo: {"a":1}""")]
    [InlineData("<b>&\"'</b>", "Echo: <b>&\"'</b>")]
    [InlineData("中文 👋 שלום", "Echo: 中文 👋 שלום")]
    public async Task Text_comes_back_behind_Echo_and_nothing_is_escaped(string text, string answer)
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws");
        await socket.SendTextAsync(text);
        await socket.ExpectTextAsync(answer);
    }

    [Fact]
    public async Task Binary_comes_back_as_it_is()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws");
        byte[] bytes = [0, 0x7F, 0x80, 0xC3, 0x28, 0xFF];
        await socket.SendBinaryAsync(bytes);
        await socket.ExpectBinaryAsync(bytes);
        await socket.SendBinaryAsync([]);
        await socket.ExpectBinaryAsync([]);
    }

    [Theory]
    [InlineData("""{"type":"ping"}""")]
    [InlineData("""{"type":"quit"}""")]
    [InlineData("<b>中文</b>")]
    [InlineData("")]
    public async Task The_exact_echo_gives_every_text_back_as_it_came(string text)
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/echo");
        await socket.SendTextAsync(text);
        await socket.ExpectTextAsync(text);
    }

    [Theory]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(1024 * 1024)]
    [InlineData(16 * 1024 * 1024)]
    public async Task The_exact_echo_gives_messages_of_every_size_back_again_and_again(int size)
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/echo");
        var bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        for (var i = 0; i < 3; i++)
        {
            await socket.SendBinaryAsync(bytes);
            await socket.ExpectBinaryAsync(bytes);
        }

        await socket.SendTextAsync("and on");
        await socket.ExpectTextAsync("and on");
    }

    [Fact]
    public async Task The_exact_echo_ends_over_16_MiB_with_1009()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/echo");
        await socket.SendAsync(new RawFrame(RawFrame.BinaryOpcode, []) { ClaimedLength = (16 * 1024 * 1024) + 1 });
        await socket.ExpectCloseAsync(1009, "Message too large");
    }

    [Fact]
    public async Task The_exact_echo_asks_for_no_sign_of_life()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time);
        await using var socket = await server.ConnectSettledAsync("/ws/echo");
        time.Advance(TimeSpan.FromHours(1));
        await socket.SendTextAsync("still here");
        await socket.ExpectTextAsync("still here");
    }

    [Fact]
    public async Task A_message_in_one_byte_segments_is_one_message()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws");
        var text = string.Concat(Enumerable.Repeat("中€a", 60));
        await socket.SendInPiecesAsync(RawFrame.OfText(text));
        await socket.ExpectTextAsync("Echo: " + text);
    }

    [Fact]
    public async Task Many_messages_in_one_segment_are_answered_in_order()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws");
        await socket.SendTogetherAsync(Enumerable.Range(0, 500).Select(i => RawFrame.OfText($"{i}")));
        for (var i = 0; i < 500; i++)
        {
            await socket.ExpectTextAsync($"Echo: {i}");
        }
    }

    [Fact]
    public async Task A_fragmented_message_is_one_and_control_frames_may_stand_between()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws");
        var bytes = Encoding.UTF8.GetBytes("中文");
        await socket.SendAsync(new RawFrame(RawFrame.TextOpcode, bytes[..1]) { Final = false });
        await socket.SendPingAsync("one");
        await socket.ExpectPongAsync("one");
        await socket.SendAsync(new RawFrame(RawFrame.Continuation, bytes[1..4]) { Final = false });
        await socket.SendPongAsync("nobody asked");
        await socket.SendAsync(new RawFrame(RawFrame.Continuation, []) { Final = false });
        await socket.SendPingAsync("two");
        await socket.ExpectPongAsync("two");
        await socket.SendAsync(new RawFrame(RawFrame.Continuation, bytes[4..]));
        await socket.ExpectTextAsync("Echo: 中文");
    }

    [Fact]
    public async Task A_ping_is_answered_with_its_payload()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws");
        foreach (var payload in new[] { "", "x", new string('p', 125) })
        {
            await socket.SendPingAsync(payload);
            await socket.ExpectPongAsync(payload);
        }
    }
}
