using Tidings.Protocol.Frames;
using static Tidings.Protocol.Tests.Frames.ClientFrame;

namespace Tidings.Protocol.Tests.Frames;

public class Rfc7692_6_CompressedBit
{
    private static readonly Reading Agreed = new(AllowCompressed: true);

    [Fact]
    public void Rsv1_on_the_first_frame_marks_the_whole_message_and_only_it()
    {
        Assert.Equal("text+rsv1 F248 | text a", Agreed.Messages(Of(Opcode.Text, [0xF2, 0x48], rsv: 4), Text("a")));
        Assert.Equal("binary+rsv1 0102 | binary 03", Agreed.Messages(Of(Opcode.Binary, [1], final: false, rsv: 4), Of(Opcode.Continuation, [2]), Binary([3])));
        Assert.Equal("ping p | text+rsv1 0102", Agreed.Messages(Of(Opcode.Text, [1], final: false, rsv: 4), Ping("p"), Of(Opcode.Continuation, [2])));
        Assert.Equal("first Text+rsv1 of 1 | Text+rsv1 of 1 | end", Agreed.Frames(Of(Opcode.Text, [1], final: false, rsv: 4), Of(Opcode.Continuation, [2])));
    }

    [Fact]
    public void Rsv1_on_another_frame_is_refused()
    {
        Assert.Equal("error ReservedBits 1002", Agreed.Messages(Of(Opcode.Text, [1], final: false, rsv: 4), Of(Opcode.Continuation, [2], rsv: 4)));
        foreach (var control in new[] { Opcode.Close, Opcode.Ping, Opcode.Pong })
        {
            Assert.Equal("error ReservedBits 1002", Agreed.Messages(Of(control, [], rsv: 4)));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void Rsv2_and_rsv3_stay_reserved(int rsv) =>
        Assert.Equal("error ReservedBits 1002", Agreed.Messages(Of(Opcode.Text, [], rsv: rsv)));

    [Fact]
    public void Compressed_text_is_not_yet_text_and_limits_count_what_came()
    {
        Assert.Equal("text+rsv1 FFC0", Agreed.Messages(Of(Opcode.Text, [0xFF, 0xC0], rsv: 4)));
        var small = Agreed with { Rules = new MessageRules(10, 20, Text: true, Binary: true) };
        Assert.Equal("oversized", small.Messages(Of(Opcode.Text, new byte[11], rsv: 4)));
        Assert.Equal("error TooLarge 1009", small.Messages(Of(Opcode.Text, new byte[21], rsv: 4)));
    }
}
