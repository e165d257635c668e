using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Rules;

public abstract class SizeRules(string pump) : ServerTests(pump)
{
    private const string TooLarge = """{"error":"Message too large"}""";

    private static readonly (string, string?)[] Limits = [("Tidings:Limits:MessageBytes", "1000"), ("Tidings:Limits:HardMessageBytes", "200000")];

    [Fact]
    public async Task Up_to_the_soft_limit_a_message_is_taken_and_over_it_answered_and_dropped()
    {
        await using var server = await StartAsync(Limits);
        await using var socket = await server.ConnectAsync("/ws");
        var most = new string('x', 1000);
        await socket.SendTextAsync(most);
        await socket.ExpectTextAsync("Echo: " + most);
        await socket.SendTextAsync(most + "x");
        await socket.ExpectTextAsync(TooLarge);
        await socket.SendTextAsync(new string('y', 200_000));
        await socket.ExpectTextAsync(TooLarge);
        await socket.SendTextAsync("fits");
        await socket.ExpectTextAsync("Echo: fits");
    }

    [Fact]
    public async Task The_limit_is_in_bytes_not_characters()
    {
        await using var server = await StartAsync(Limits);
        await using var socket = await server.ConnectAsync("/ws");
        await socket.SendTextAsync(new string('中', 333));
        await socket.ExpectTextAsync("Echo: " + new string('中', 333));
        await socket.SendTextAsync(new string('中', 334));
        await socket.ExpectTextAsync(TooLarge);
    }

    [Fact]
    public async Task Fragments_count_together()
    {
        await using var server = await StartAsync(Limits);
        await using var socket = await server.ConnectAsync("/ws/lobby");
        await socket.SendTogetherAsync(
            new RawFrame(RawFrame.TextOpcode, new byte[600]) { Final = false },
            new RawFrame(RawFrame.Continuation, new byte[600]));
        await socket.ExpectTextAsync(TooLarge);
        await socket.SendTogetherAsync(
            new RawFrame(RawFrame.TextOpcode, [.. Enumerable.Repeat((byte)'a', 500)]) { Final = false },
            new RawFrame(RawFrame.Continuation, [.. Enumerable.Repeat((byte)'a', 500)]));
        await socket.ExpectTextAsync("[lobby] " + new string('a', 1000));
    }

    [Fact]
    public async Task Over_the_hard_limit_the_connection_ends_with_1009_when_it_is_announced()
    {
        await using var server = await StartAsync(Limits);
        await using var socket = await server.ConnectAsync("/ws");
        await socket.SendAsync(new RawFrame(RawFrame.TextOpcode, []) { ClaimedLength = 200_001 });
        await socket.ExpectCloseAsync(1009, "Message too large");
    }

    [Fact]
    public async Task Fragments_over_the_hard_limit_end_the_connection_with_1009_as_they_come()
    {
        await using var server = await StartAsync(Limits);
        await using var socket = await server.ConnectAsync("/ws");
        await socket.SendAsync(new RawFrame(RawFrame.TextOpcode, new byte[150_000]) { Final = false });
        await socket.SendAsync(new RawFrame(RawFrame.Continuation, []) { Final = false, ClaimedLength = 50_001 });
        await socket.ExpectCloseAsync(1009, "Message too large");
    }

    // A socket that is closed with unread bytes resets the connection, and many a client then never sees the close frame.
    [Fact]
    public async Task Who_is_still_sending_gets_the_1009_and_an_end_in_order()
    {
        await using var server = await StartAsync(Limits);
        await using var socket = await server.ConnectAsync("/ws");
        await socket.SendBinaryAsync(new byte[400_000]);
        await socket.ExpectCloseAsync(1009, "Message too large");
        socket.Tcp.HalfClose();
        await socket.ExpectEofAsync();
        await server.ExpectIdleAsync();
    }

    [Theory]
    [InlineData("default", 64 * 1024, 1024 * 1024)]
    [InlineData("small", 10_240, 64 * 1024)]
    public async Task Each_preset_has_its_sizes(string preset, int soft, int hard)
    {
        await using var server = await StartAsync(("Tidings:Limits:Preset", preset));
        await using var socket = await server.ConnectAsync("/ws");
        await socket.SendBinaryAsync(new byte[soft]);
        await socket.ExpectBinaryAsync(new byte[soft]);
        await socket.SendBinaryAsync(new byte[soft + 1]);
        await socket.ExpectTextAsync(TooLarge);
        await socket.SendAsync(new RawFrame(RawFrame.BinaryOpcode, []) { ClaimedLength = (ulong)hard + 1 });
        await socket.ExpectCloseAsync(1009);
    }
}
