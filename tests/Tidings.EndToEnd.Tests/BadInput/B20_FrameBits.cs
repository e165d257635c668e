using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Masks, reserved bits, opcodes and fragments against the rules.</summary>
public abstract class B20_FrameBits(string pump) : ServerTests(pump)
{
    public static TheoryData<string> Cases => [.. Frames.Keys];

    private static Dictionary<string, RawFrame[]> Frames { get; } = new()
    {
        ["not masked"] = [RawFrame.OfText("x") with { Masked = false }],
        ["ping not masked"] = [RawFrame.Ping() with { Masked = false }],
        ["close not masked"] = [RawFrame.Close() with { Masked = false }],
        ["RSV1"] = [RawFrame.OfText("x") with { Reserved = 4 }],
        ["RSV2"] = [RawFrame.OfText("x") with { Reserved = 2 }],
        ["RSV3"] = [RawFrame.OfText("x") with { Reserved = 1 }],
        ["RSV1 on a ping"] = [RawFrame.Ping() with { Reserved = 4 }],
        ["opcode 3"] = [new RawFrame(3, [])],
        ["opcode 4"] = [new RawFrame(4, [1])],
        ["opcode 5"] = [new RawFrame(5, [])],
        ["opcode 6"] = [new RawFrame(6, [])],
        ["opcode 7"] = [new RawFrame(7, [])],
        ["opcode B"] = [new RawFrame(11, [])],
        ["opcode C"] = [new RawFrame(12, [])],
        ["opcode D"] = [new RawFrame(13, [])],
        ["opcode E"] = [new RawFrame(14, [])],
        ["opcode F"] = [new RawFrame(15, [])],
        ["continuation of nothing"] = [new RawFrame(RawFrame.Continuation, [65])],
        ["continuation of what has ended"] = [new RawFrame(RawFrame.TextOpcode, [65]) { Final = false }, new RawFrame(RawFrame.Continuation, [65]), new RawFrame(RawFrame.Continuation, [65])],
        ["message inside another"] = [new RawFrame(RawFrame.TextOpcode, [65]) { Final = false }, RawFrame.OfText("x")],
        ["close of one byte"] = [new RawFrame(RawFrame.CloseOpcode, [3])],
        ["close 999"] = [RawFrame.Close(999)],
        ["close 1004"] = [RawFrame.Close(1004)],
        ["close 1005"] = [RawFrame.Close(1005)],
        ["close 1006"] = [RawFrame.Close(1006)],
        ["close 1015"] = [RawFrame.Close(1015)],
        ["close 2999"] = [RawFrame.Close(2999)],
        ["close 5000"] = [RawFrame.Close(5000)],
        ["close 65535"] = [RawFrame.Close(65535)],
        ["close in fragments"] = [RawFrame.Close() with { Final = false }],
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task They_are_closed_with_1002(string name)
    {
        await using var server = await StartAsync();
        await using var control = await ControlPair.StartAsync(server.Port);
        await using var socket = await server.ConnectAsync("/ws/echo");
        await socket.SendTogetherAsync(Frames[name]);
        await socket.ExpectCloseInTheEndAsync(1002, "Protocol error");
        await socket.ExpectEndAsync();
        await Eventually.EqualAsync(2, () => server.Registry.Count, "The number of connections");
        await control.ExpectUnharmedAsync();
        server.ExpectNothingLogged();
    }
}
