using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Lengths that overflow or are not written in the fewest bytes, as CVE-2026-27889 and CVE-2020-27813.</summary>
public abstract class B09_LengthOverflow(string pump) : ServerTests(pump)
{
    [Theory]
    [InlineData(0x8000000000000001, 64, 1002)]
    [InlineData(0xFFFFFFFFFFFFFFFF, 64, 1002)]
    [InlineData(0x8000000000000000, 64, 1002)]
    [InlineData(0x7FFFFFFFFFFFFFFF, 64, 1009)]
    [InlineData(0x0000000100000000, 64, 1009)]
    [InlineData(0x0000000080000000, 64, 1009)]
    [InlineData(0UL, 16, 1002)]
    [InlineData(5UL, 16, 1002)]
    [InlineData(125UL, 16, 1002)]
    [InlineData(5UL, 64, 1002)]
    [InlineData(65_535UL, 64, 1002)]
    public async Task It_is_refused_from_the_header_alone(ulong length, int bits, int code)
    {
        await using var server = await StartAsync(("Tidings:Limits:HardMessageBytes", "1MB"));
        await using var control = await ControlPair.StartAsync(server.Port);
        await using var socket = await server.ConnectAsync("/ws/lobby");
        await socket.SendAsync(new RawFrame(RawFrame.TextOpcode, []) { ClaimedLength = length, LengthBits = bits });
        await socket.ExpectCloseAsync(code);
        await socket.ExpectEndAsync();
        await control.ExpectUnharmedAsync();
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task Lengths_that_sum_up_over_fragments_are_refused()
    {
        await using var server = await StartAsync(("Tidings:Limits:HardMessageBytes", "1MB"));
        await using var socket = await server.ConnectAsync("/ws/lobby");
        await socket.SendAsync(new RawFrame(RawFrame.TextOpcode, [65]) { Final = false });
        await socket.SendAsync(new RawFrame(RawFrame.Continuation, []) { ClaimedLength = 0x7FFFFFFFFFFFFFFF });
        await socket.ExpectCloseAsync(1009);
    }

    [Fact]
    public async Task The_long_form_of_a_long_message_is_right()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/echo");
        await socket.SendAsync(RawFrame.OfBinary(new byte[70_000]) with { LengthBits = 64 });
        await socket.ExpectBinaryAsync(new byte[70_000]);
    }
}
