using Tidings.Protocol.Frames;
using static Tidings.Protocol.Tests.Frames.ClientFrame;

namespace Tidings.Protocol.Tests.Frames;

public class Rfc6455_5_4_Fragmentation
{
    private static readonly Reading Client = new();

    [Fact]
    public void Fragments_make_one_message()
    {
        Assert.Equal("text Hello", Client.Messages(Text("Hel", final: false), More("lo", final: true)));
        Assert.Equal("text Hello", Client.Messages(Text("H", final: false), More("el", final: false), More("l", final: false), More("o", final: true)));
        Assert.Equal("binary 0102", Client.Messages(Binary([1], final: false), Of(Opcode.Continuation, [2])));
        Assert.Equal(
            "first Text of 3 | Text of 2 | end",
            Client.Frames(Text("Hel", final: false), More("lo", final: true)));
    }

    [Fact]
    public void Fragments_may_be_empty()
    {
        Assert.Equal("text ", Client.Messages(Text("", final: false), More("", final: false), More("", final: true)));
        Assert.Equal("text a", Client.Messages(Text("", final: false), More("a", final: false), More("", final: true)));
        Assert.Equal("binary  | text b", Client.Messages(Binary([], final: false), More("", final: true), Text("b")));
    }

    [Fact]
    public void Fragments_of_different_length_forms_make_one_message()
    {
        var long16 = new string('x', 200);
        Assert.Equal(
            $"text {Reading.Show([.. "ab"u8, .. Enumerable.Repeat((byte)'x', 200), .. "c"u8])}",
            Client.Messages(Text("ab", final: false), More(long16, final: false), More("c", final: true)));
    }

    [Fact]
    public void Control_frames_come_between_fragments_in_their_order()
    {
        Assert.Equal(
            "ping 1 | pong 2 | text Hello | ping 3",
            Client.Messages(Text("Hel", final: false), Ping("1"), Of(Opcode.Pong, "2"u8.ToArray()), More("lo", final: true), Ping("3")));
        Assert.Equal(
            "ping | ping | ping | text abc",
            Client.Messages(Text("a", final: false), Ping(), More("b", final: false), Ping(), Ping(), More("c", final: true)));
        Assert.Equal("close 1000 bye", Client.Messages(Text("a", final: false), Close(1000, "bye")));
    }

    [Fact]
    public void A_code_point_may_lie_on_both_sides_of_a_ping()
    {
        var euro = "€"u8.ToArray();
        Assert.Equal(
            "ping x | ping y | text €",
            Client.Messages(Of(Opcode.Text, euro[..1], final: false), Ping("x"), Of(Opcode.Continuation, euro[1..2], final: false), Ping("y"), Of(Opcode.Continuation, euro[2..])));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_continuation_of_nothing_is_refused_by_its_first_byte(bool final)
    {
        Assert.Equal("error Fragmentation 1002", Client.Messages(More("x", final)));
        Assert.Equal(0, Client.ByteOfError(More("x", final)));
        Assert.Equal("text a | error Fragmentation 1002", Client.Messages(Text("a"), More("x", final)));
        Assert.Equal("text ab | error Fragmentation 1002", Client.Messages(Text("a", final: false), More("b", final: true), More("x", final)));
        Assert.Equal("ping | error Fragmentation 1002", Client.Messages(Ping(), More("x", final)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_new_message_inside_another_is_refused_by_its_first_byte(bool final)
    {
        Assert.Equal("error Fragmentation 1002", Client.Messages(Text("a", final: false), Text("b", final)));
        Assert.Equal("error Fragmentation 1002", Client.Messages(Text("a", final: false), Binary([1], final)));
        Assert.Equal("ping | error Fragmentation 1002", Client.Messages(Text("", final: false), More("b", final: false), Ping(), Text("c", final)));
        Assert.Equal(7, Client.ByteOfError(Join(Text("a", final: false), Text("b", final))));
    }

    [Fact]
    public void A_continuation_does_not_change_the_kind_of_its_message()
    {
        Assert.Equal("binary FF | text ok", Client.Messages(Binary([], final: false), Of(Opcode.Continuation, [0xFF]), Text("ok")));
        Assert.Equal("error Utf8 1007", Client.Messages(Text("", final: false), Of(Opcode.Continuation, [0xFF])));
    }
}
