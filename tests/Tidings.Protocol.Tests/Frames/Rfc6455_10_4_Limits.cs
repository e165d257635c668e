using Tidings.Protocol.Frames;
using static Tidings.Protocol.Tests.Frames.ClientFrame;

namespace Tidings.Protocol.Tests.Frames;

public class Rfc6455_10_4_Limits
{
    private static readonly Reading Small = new() { Rules = new MessageRules(10, 20, Text: true, Binary: true) };

    [Fact]
    public void At_the_soft_limit_a_message_is_taken_and_over_it_told_at_its_end()
    {
        Assert.Equal("text 0123456789", Small.Messages(Text("0123456789")));
        Assert.Equal("oversized", Small.Messages(Text("0123456789a")));
        Assert.Equal("", Small.MessagesOf([Text("0123456789a")[..^1]]));
        Assert.Equal("text 0123456789", Small.Messages(Text("01234", final: false), More("56789", final: true)));
        Assert.Equal("oversized", Small.Messages(Text("01234", final: false), More("56789a", final: true)));
        Assert.Equal("oversized", Small.Messages(Text("0123456789", final: false), More("a", final: false), More("", final: true)));
    }

    [Fact]
    public void The_message_after_an_oversized_one_is_fine()
    {
        Assert.Equal(
            "oversized | text next | oversized | ping p | oversized | binary 0102",
            Small.Messages(
                Text("0123456789a"), Text("next"),
                Text("01234567", final: false), More("89a", final: true), Ping("p"),
                Binary(new byte[20]), Binary([1], final: false), Of(Opcode.Continuation, [2])));
    }

    [Fact]
    public void Of_an_oversized_message_nothing_is_kept()
    {
        var reader = new MessageReader(true, false);
        Assert.Equal("NeedMore", Feed(ref reader, Text("01234567", final: false), Small.Rules));
        Assert.True(reader.BufferedBytes > 0);
        Assert.Equal("NeedMore", Feed(ref reader, More("89a", final: false), Small.Rules));
        Assert.Equal(0, reader.BufferedBytes);
        Assert.Equal("NeedMore", Feed(ref reader, More("b", final: false), Small.Rules));
        Assert.Equal(0, reader.BufferedBytes);
        Assert.Equal("Oversized", Feed(ref reader, More("c", final: true), Small.Rules));
        Assert.Equal(0, reader.BufferedBytes);
    }

    [Fact]
    public void Over_the_soft_limit_text_must_still_be_utf8()
    {
        Assert.Equal("error Utf8 1007", Small.Messages(Of(Opcode.Text, [.. new byte[15], 0xFF])));
        Assert.Equal("error Utf8 1007", Small.Messages(Of(Opcode.Text, [.. new byte[15], 0xC3])));
    }

    [Fact]
    public void Over_the_hard_limit_a_message_is_refused_at_the_header_that_says_so()
    {
        Assert.Equal("oversized", Small.Messages(Binary(new byte[20])));
        Assert.Equal("error TooLarge 1009", Small.Messages(Binary(new byte[21])));
        Assert.Equal(5, Small.ByteOfError(Binary(new byte[21])));

        Assert.Equal("oversized", Small.Messages(Binary(new byte[12], final: false), Of(Opcode.Continuation, new byte[8])));
        var wire = Join(Binary(new byte[12], final: false), Of(Opcode.Continuation, new byte[9]));
        Assert.Equal("error TooLarge 1009", Small.Messages(wire));
        Assert.Equal(18 + 5, Small.ByteOfError(wire));
        Assert.Equal("ping | error TooLarge 1009", Small.Messages(Binary(new byte[20], final: false), Ping(), Of(Opcode.Continuation, [1])));
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MaxValue - 1)]
    [InlineData(1L << 31)]
    [InlineData(0xFFFF_FFFF)]
    public void Fragments_whose_lengths_overflow_are_too_large(long length)
    {
        byte[] second = [.. Header(0x80, length), .. Key];
        Assert.Equal("error TooLarge 1009", Small.Messages(Binary([1], final: false), second));
        Assert.Equal("error TooLarge 1009", Small.Messages(Binary(new byte[20], final: false), second));
    }

    [Fact]
    public void A_kind_that_the_route_does_not_take_is_refused_at_its_header_whatever_its_size()
    {
        var textOnly = Small with { Rules = new MessageRules(10, 20, Text: true, Binary: false) };
        var binaryOnly = Small with { Rules = new MessageRules(10, 20, Text: false, Binary: true) };
        foreach (var size in new[] { 0, 1, 15, 21, 70000 })
        {
            Assert.Equal("error Unacceptable 1003", textOnly.Messages(Binary(new byte[size])));
            Assert.Equal("error Unacceptable 1003", binaryOnly.Messages(Of(Opcode.Text, new byte[size])));
        }

        Assert.Equal(5, textOnly.ByteOfError(Binary([1, 2, 3])));
        Assert.Equal(5, textOnly.ByteOfError(Binary([1], final: false)));
        Assert.Equal("text a | error Unacceptable 1003", textOnly.Messages(Text("a"), Binary([])));
        Assert.Equal("binary 01 | ping | error Unacceptable 1003", binaryOnly.Messages(Binary([1]), Ping(), Text("")));
    }

    [Theory]
    [InlineData(4, 100)]
    [InlineData(100, 4)]
    public void Limits_may_change_while_a_message_comes(int before, int after)
    {
        var reader = new MessageReader(true, false);
        Assert.Equal("NeedMore", Feed(ref reader, Text("0123456789", final: false), Rules(before)));
        Assert.Equal("NeedMore", Feed(ref reader, More("abc", final: false), Rules(after)));
        Assert.Equal("Oversized", Feed(ref reader, More("d", final: true), Rules(100)));
        Assert.Equal("Text", Feed(ref reader, Text("next"), Rules(100)));

        static MessageRules Rules(int soft) => new(soft, 1000, Text: true, Binary: true);
    }

    [Theory]
    [InlineData(64 * 1024)]
    [InlineData(1 << 20)]
    public void Memory_of_131000_one_byte_fragments_is_at_most_twice_their_bytes(int softLimit)
    {
        var rules = new MessageRules(softLimit, 1 << 21, Text: true, Binary: true);
        var reader = new MessageReader(true, false);
        Assert.Equal("NeedMore", Feed(ref reader, Text("x", final: false), rules));
        var fragment = More("y", final: false);
        var segment = new byte[fragment.Length];
        const int Count = 131_000;
        var most = 0;
        for (var received = 2; received <= Count; received++)
        {
            fragment.CopyTo(segment, 0);
            var input = segment.AsSpan();
            Assert.Equal(MessageEventKind.NeedMore, reader.Read(ref input, rules).Kind);
            most = Math.Max(most, reader.BufferedBytes);
            if (reader.BufferedBytes > Math.Max(256, 2 * received))
            {
                Assert.Fail($"{reader.BufferedBytes} bytes held for {received}");
            }
        }

        Assert.InRange(most, 1, 2 * softLimit);
        Assert.Equal(softLimit < Count ? "Oversized" : "Text", Feed(ref reader, More("", final: true), rules));
        reader.Release();
    }

    [Fact]
    public void Memory_grows_with_what_came_and_not_with_what_was_announced()
    {
        var rules = new MessageRules(1 << 24, 1 << 24, Text: true, Binary: true);
        var reader = new MessageReader(true, false);
        Assert.Equal("NeedMore", Feed(ref reader, [.. Header(0x82, 1 << 24), .. Key], rules));
        Assert.Equal(0, reader.BufferedBytes);
        for (var received = 1000; received < 200_000; received += 1000)
        {
            Assert.Equal("NeedMore", Feed(ref reader, new byte[1000], rules));
            Assert.InRange(reader.BufferedBytes, received, 2 * received);
        }

        reader.Release();
        Assert.Equal(0, reader.BufferedBytes);
    }

    [Fact]
    public void A_million_empty_fragments_take_no_memory()
    {
        var reader = new MessageReader(true, false);
        Feed(ref reader, Binary([], final: false), Reading.Generous);
        var empty = Of(Opcode.Continuation, [], final: false);
        for (var i = 0; i < 1_000_000; i++)
        {
            var input = empty.AsSpan();
            reader.Read(ref input, Reading.Generous);
        }

        Assert.Equal(0, reader.BufferedBytes);
    }

    [Fact]
    public void A_message_in_one_segment_allocates_nothing()
    {
        var wire = Join(Text("héllo"), Binary(new byte[1000]), Ping("x"), Close(1000, "bye"));
        var reader = new MessageReader(true, false);
        Round(ref reader, wire);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Round(ref reader, wire);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        static void Round(ref MessageReader reader, byte[] wire)
        {
            Span<byte> copy = stackalloc byte[wire.Length];
            wire.CopyTo(copy);
            while (reader.Read(ref copy, Reading.Generous).Kind is not (MessageEventKind.NeedMore or MessageEventKind.Error))
            {
            }
        }
    }

    private static string Feed(ref MessageReader reader, byte[] bytes, MessageRules rules)
    {
        var input = bytes.AsSpan();
        return reader.Read(ref input, rules).Kind.ToString();
    }
}
