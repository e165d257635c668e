using Tidings.Protocol.Frames;
using static Tidings.Protocol.Tests.Frames.ClientFrame;

namespace Tidings.Protocol.Tests.Frames;

public class Rfc6455_5_2_BaseFraming
{
    private static readonly Reading Client = new();
    private static readonly Reading Server = new(FromClient: false);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(65535)]
    [InlineData(65536)]
    [InlineData(70000)]
    public void Each_length_is_read_in_its_shortest_form(int length)
    {
        var payload = Enumerable.Range(0, length).Select(i => (byte)(i * 7)).ToArray();
        var expected = $"binary {(length > 64 ? Reading.Show(payload) : Convert.ToHexString(payload))}";

        Assert.Equal(expected, Client.Messages(Of(Opcode.Binary, payload)));
        Assert.Equal(expected, Server.Messages(Of(Opcode.Binary, payload, masked: false)));
        Assert.Equal($"first Binary of {length} | end", Client.Frames(Of(Opcode.Binary, payload)));
    }

    [Theory]
    [InlineData("81FE0005")]
    [InlineData("81FE0000")]
    [InlineData("81FE007D")]
    [InlineData("81FF0000000000000005")]
    [InlineData("81FF000000000000007E")]
    [InlineData("81FF000000000000FFFF")]
    [InlineData("81FF8000000000000000")]
    [InlineData("81FF8000000000000001")]
    [InlineData("81FFFFFFFFFFFFFFFFFF")]
    [InlineData("00FE0005", "0180")]
    public void A_length_in_more_bytes_than_needed_or_with_its_top_bit_is_refused(string header, string before = "")
    {
        byte[] wire = [.. before == "" ? [] : Convert.FromHexString(before + "00000000"), .. Convert.FromHexString(header), .. Key, 1, 2, 3, 4, 5];
        Assert.Equal("error Length 1002", Client.Messages(wire));
    }

    [Fact]
    public void The_length_of_a_server_s_frame_has_the_same_rules()
    {
        Assert.Equal("error Length 1002", Server.Messages(Header(0x81, 5, LengthForm.Bits16, masked: false)));
        Assert.Equal("error Length 1002", Server.Messages(Header(0x81, 65535, LengthForm.Bits64, masked: false)));
        Assert.Equal("error Length 1002", Server.Messages(Header(0x81, long.MinValue, LengthForm.Bits64, masked: false)));
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(1L << 32)]
    [InlineData(0x1_0000_0005)]
    [InlineData(int.MaxValue)]
    [InlineData((1L << 24) + 1)]
    public void A_huge_length_is_too_large_at_the_header_and_nothing_is_stored(long length)
    {
        byte[] header = [.. Header(0x82, length), .. Key];
        Assert.Equal("error TooLarge 1009", Client.Messages(header));
        Assert.Equal(header.Length - 1, Client.ByteOfError(header));
        Assert.Equal($"first Binary of {length}", Client.Frames(header));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void Reserved_bits_are_refused_on_every_opcode_by_the_first_byte(int rsv)
    {
        foreach (var opcode in Enum.GetValues<Opcode>())
        {
            var wire = opcode == Opcode.Continuation
                ? Join(Text("a", final: false), Of(opcode, [1], rsv: rsv))
                : Of(opcode, [], rsv: rsv);
            Assert.Equal("error ReservedBits 1002", Client.Messages(wire));
            Assert.Equal(opcode == Opcode.Continuation ? 7 : 0, Client.ByteOfError(wire));
        }
    }

    [Theory]
    [InlineData(0x3)]
    [InlineData(0x4)]
    [InlineData(0x5)]
    [InlineData(0x6)]
    [InlineData(0x7)]
    [InlineData(0xB)]
    [InlineData(0xC)]
    [InlineData(0xD)]
    [InlineData(0xE)]
    [InlineData(0xF)]
    public void Reserved_opcodes_are_refused_by_the_first_byte(int opcode)
    {
        foreach (var final in new[] { true, false })
        {
            var wire = Of((Opcode)opcode, [1, 2], final);
            Assert.Equal("error ReservedOpcode 1002", Client.Messages(wire));
            Assert.Equal(0, Client.ByteOfError(wire));
            Assert.Equal("ping a | error ReservedOpcode 1002", Client.Messages(Ping("a"), wire));
            Assert.Equal("error ReservedOpcode 1002", Client.Messages(Text("a", final: false), wire));
        }
    }

    [Fact]
    public void Every_first_byte_is_either_taken_or_refused_at_once()
    {
        for (var first = 0; first < 256; first++)
        {
            var opcode = first & 0x0F;
            var control = opcode >= 8;
            var good = (first & 0x70) == 0 && opcode is 1 or 2 or 8 or 9 or 10 && (first & 0x70) == 0 && (!control || first >= 0x80);
            Assert.Equal(good ? -1 : 0, Client.ByteOfError([(byte)first]));
        }
    }

    [Fact]
    public void Messages_in_a_row_are_read_in_order()
    {
        Assert.Equal(
            "text one | binary 0203 | ping p | text  | binary  | text two | close 1000",
            Client.Messages(Text("one"), Binary([2, 3]), Ping("p"), Text(""), Binary([]), Text("two"), Close(1000)));
    }

    [Fact]
    public void What_begins_and_does_not_end_is_no_message_and_no_error()
    {
        var frame = Text("Hello, 世界");
        for (var length = 0; length < frame.Length; length++)
        {
            Assert.Equal("", Client.MessagesOf([frame[..length]]));
        }
    }

    [Fact]
    public void The_reader_knows_whether_it_stands_inside_a_frame_or_message()
    {
        var wire = Join(Text("ab", final: false), Ping("x"), More("c", final: true), Ping());
        var reader = new MessageReader(true, false);
        var inside = "";
        foreach (var b in wire)
        {
            Span<byte> input = [b];
            while (reader.Read(ref input, Reading.Generous).Kind is not (MessageEventKind.NeedMore or MessageEventKind.Error))
            {
            }

            inside += reader.IsMidMessage ? '1' : '0';
        }

        Assert.Equal(new string('1', 8 + 7 + 6) + "0" + "111110", inside);
    }
}
