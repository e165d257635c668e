using Tidings.Protocol.Frames;
using static Tidings.Protocol.Tests.Frames.ClientFrame;

namespace Tidings.Protocol.Tests.Frames;

public class Rfc6455_5_5_ControlFrames
{
    private static readonly Reading Client = new();
    private static readonly Opcode[] Controls = [Opcode.Close, Opcode.Ping, Opcode.Pong];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(124)]
    [InlineData(125)]
    public void A_ping_or_pong_bears_up_to_125_bytes_of_anything(int length)
    {
        var payload = Enumerable.Range(0, length).Select(i => (byte)(255 - i)).ToArray();
        var shown = Reading.Show(payload);
        Assert.Equal($"ping {shown}".TrimEnd(), Client.Messages(Of(Opcode.Ping, payload)));
        Assert.Equal($"pong {shown}".TrimEnd(), Client.Messages(Of(Opcode.Pong, payload)));
        Assert.Equal($"Ping {shown}", Client.Frames(Of(Opcode.Ping, payload)));
    }

    [Theory]
    [InlineData(126)]
    [InlineData(127)]
    [InlineData(65536)]
    public void A_longer_control_frame_is_refused_by_its_second_byte(int length)
    {
        foreach (var opcode in Controls)
        {
            var wire = Of(opcode, new byte[length]);
            Assert.Equal(1, Client.ByteOfError(wire));
            Assert.Equal("error ControlTooLong 1002", Client.Messages(wire[..20]));
            Assert.Equal("error ControlTooLong 1002", Client.Messages(Text("a", final: false), wire[..20]));
        }
    }

    [Fact]
    public void A_short_length_in_a_long_form_is_refused_by_its_second_byte()
    {
        Assert.Equal("error ControlTooLong 1002", Client.Messages(Of(Opcode.Ping, [1], form: LengthForm.Bits16)));
        Assert.Equal("error ControlTooLong 1002", Client.Messages(Of(Opcode.Ping, [1], form: LengthForm.Bits64)));
    }

    [Fact]
    public void A_control_frame_in_fragments_is_refused_by_its_first_byte()
    {
        foreach (var opcode in Controls)
        {
            Assert.Equal("error FragmentedControl 1002", Client.Messages(Of(opcode, [3, 0xE8], final: false)));
            Assert.Equal(0, Client.ByteOfError(Of(opcode, [], final: false)));
            Assert.Equal("error FragmentedControl 1002", Client.Messages(Text("a", final: false), Of(opcode, [3, 0xE8], final: false)));
        }
    }

    [Fact]
    public void Many_pings_in_one_segment_are_each_told()
    {
        var wire = Join([.. Enumerable.Range(0, 500).Select(i => Ping($"{i}"))]);
        Assert.Equal(string.Join(" | ", Enumerable.Range(0, 500).Select(i => $"ping {i}")), Client.Messages(wire));
    }

    [Fact]
    public void A_control_frame_is_taken_where_data_of_its_kind_would_not_be()
    {
        var nothing = Client with { Rules = new MessageRules(0, 0, Text: false, Binary: false) };
        Assert.Equal("ping abc | pong d | close 1000", nothing.Messages(Ping("abc"), Of(Opcode.Pong, "d"u8.ToArray()), Close(1000)));
    }

    [Fact]
    public void A_control_frame_that_came_in_pieces_leaves_no_memory_behind()
    {
        var wire = Ping("0123456789");
        for (var cut = 1; cut < wire.Length; cut++)
        {
            var reader = new FrameReader(true, false);
            var first = wire[..cut].AsSpan();
            Assert.Equal(FrameEventKind.NeedMore, reader.Read(ref first).Kind);
            var second = wire[cut..].AsSpan();
            Assert.Equal(FrameEventKind.Control, reader.Read(ref second).Kind);
            Assert.Equal(0, reader.BufferedBytes);
        }
    }
}
