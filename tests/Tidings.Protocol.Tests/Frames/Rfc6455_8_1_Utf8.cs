using Tidings.Protocol.Frames;
using static Tidings.Protocol.Tests.Frames.ClientFrame;

namespace Tidings.Protocol.Tests.Frames;

public class Rfc6455_8_1_Utf8
{
    private static readonly Reading Client = new();

    public static TheoryData<string> Valid => [.. Utf8Samples.Valid];

    public static TheoryData<string> Incomplete => [.. Utf8Samples.Incomplete];

    public static TheoryData<string, int> Invalid
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var (hex, firstBad) in Utf8Samples.Invalid)
            {
                data.Add(hex, firstBad);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void Valid_text_is_taken_whole_and_in_fragments_cut_anywhere(string hex)
    {
        var text = Convert.FromHexString(hex);
        var expected = $"text {Reading.Show(text)}";
        Assert.Equal(expected, Client.Messages(Of(Opcode.Text, text)));
        Assert.Equal(expected, Client.Messages([.. OneByteFrames(text)]));
        for (var cut = 0; cut <= text.Length; cut++)
        {
            Assert.Equal(expected, Client.MessagesOf([Join(Of(Opcode.Text, text[..cut], final: false), Of(Opcode.Continuation, text[cut..]))]));
        }
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Invalid_text_is_refused_by_its_first_bad_byte(string hex, int firstBad)
    {
        var text = Convert.FromHexString(hex);
        Assert.Equal(firstBad, Utf8Samples.Judge(text).FirstBad);

        var frame = Of(Opcode.Text, text);
        Assert.Equal("error Utf8 1007", Client.Messages(frame));
        Assert.Equal(frame.Length - text.Length + firstBad, Client.ByteOfError(frame));
        Assert.Equal((7 * firstBad) + 6, Client.ByteOfError(Join([.. OneByteFrames(text)])));
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Invalid_text_is_refused_in_the_segment_and_fragment_with_its_first_bad_byte(string hex, int firstBad)
    {
        var text = Convert.FromHexString(hex);
        for (var cut = 0; cut <= text.Length; cut++)
        {
            var checker = new Utf8Checker();
            Assert.Equal(cut <= firstBad, checker.Append(text.AsSpan(..cut)));
            Assert.True(cut > firstBad || !checker.Append(text.AsSpan(cut..)));

            var fragment = Of(Opcode.Text, text[..cut], final: false);
            Assert.Equal(cut <= firstBad ? "" : "error Utf8 1007", Client.MessagesOf([fragment]));
            Assert.Equal("error Utf8 1007", Client.MessagesOf([Join(fragment, Of(Opcode.Continuation, text[cut..], final: false))]));
        }
    }

    [Theory]
    [MemberData(nameof(Incomplete))]
    public void Text_that_ends_inside_a_code_point_is_refused_at_its_end_and_not_before(string hex)
    {
        var text = Convert.FromHexString(hex);
        Assert.Equal((-1, false), Utf8Samples.Judge(text));

        var whole = Of(Opcode.Text, text);
        Assert.Equal("error Utf8 1007", Client.Messages(whole));
        Assert.Equal(whole.Length - 1, Client.ByteOfError(whole));
        Assert.Equal("ping", Client.Messages(Of(Opcode.Text, text, final: false), Ping()));
        Assert.Equal("error Utf8 1007", Client.Messages(Of(Opcode.Text, text, final: false), More("", final: true)));

        // An empty last frame: its header is complete with the sixth byte.
        Assert.Equal(whole.Length + 5, Client.ByteOfError(Join(Of(Opcode.Text, text, final: false), More("", final: true))));
    }

    [Fact]
    public void A_message_does_not_begin_inside_the_code_point_of_another()
    {
        Assert.Equal("text é | error Utf8 1007", Client.Messages(Text("é"), Of(Opcode.Text, [0xA9])));
        Assert.Equal("binary C3 | error Utf8 1007", Client.Messages(Binary([0xC3]), Of(Opcode.Text, [0xA9])));
    }

    [Fact]
    public void Every_sequence_of_one_to_three_bytes_is_judged_as_unicode_s_table_3_7_says()
    {
        var sequence = new byte[3];
        for (var n = 0; n < 1 << 24; n += n < 0x800000 ? 257 : 5)
        {
            sequence[0] = (byte)(n >> 16);
            sequence[1] = (byte)(n >> 8);
            sequence[2] = (byte)n;
            Check(sequence);
        }

        for (var n = 0; n < 1 << 16; n++)
        {
            sequence[0] = (byte)(n >> 8);
            sequence[1] = (byte)n;
            Check(sequence.AsSpan(..2));
        }
    }

    [Fact]
    public void Every_mixture_of_edge_bytes_is_judged_as_unicode_s_table_3_7_says()
    {
        byte[] edges = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFF];
        var sequence = new byte[4];
        for (var n = 0; n < edges.Length * edges.Length * edges.Length * edges.Length; n++)
        {
            for (int i = 0, rest = n; i < 4; i++, rest /= edges.Length)
            {
                sequence[i] = edges[rest % edges.Length];
            }

            Check(sequence);
        }
    }

    private static void Check(ReadOnlySpan<byte> sequence)
    {
        var (firstBad, complete) = Utf8Samples.Judge(sequence);
        var whole = new Utf8Checker();
        var good = whole.Append(sequence);
        var bytes = new Utf8Checker();
        var found = -1;
        for (var i = 0; i < sequence.Length && found < 0; i++)
        {
            found = bytes.Append(sequence.Slice(i, 1)) ? -1 : i;
        }

        if (good != (firstBad < 0) || found != firstBad || (good && (whole.IsComplete != complete || bytes.IsComplete != complete)))
        {
            Assert.Fail($"{Convert.ToHexString(sequence)}: whole {good} {whole.IsComplete}, first bad byte {found}, expected {firstBad} {complete}");
        }
    }

    private static IEnumerable<byte[]> OneByteFrames(byte[] text) => text.Length == 0
        ? [Of(Opcode.Text, text)]
        : text.Select((b, i) => Of(i == 0 ? Opcode.Text : Opcode.Continuation, [b], final: i == text.Length - 1));
}
