using System.Text;
using Tidings.AspNetCore.Centrifuge;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using static Tidings.Channels.Tests.Centrifuge.Protobuf;

namespace Tidings.Channels.Tests.Centrifuge;

public sealed class CentrifugeProtobufTests
{
    private static readonly CentrifugeProtobufDialect Dialect = new(new CentrifugeDialect(null, null, new CentrifugeSite("n", "1", static () => 0, IsInsecure: false)), null);

    private static readonly byte[][] Commands =
    [
        Framed(Number(1, 1), Message(4, Text(1, "token"), Message(3, Text(1, "all"), Message(2, Number(3, 1), Text(6, "epoch"), Number(7, 9))))),
        Framed(Number(1, 2), Message(5, Text(1, "chat:é"), Text(2, "t"), Number(3, 1), Text(6, "e"), Number(7, ulong.MaxValue), Number(11, 1), Number(14, 3))),
        Framed(Number(1, 3), Message(6, Text(1, "chat:a"))),
        Framed(Number(1, 4), Message(7, Text(1, "chat:a"), Text(2, "{\"a\":\n1}"))),
        Framed(Number(1, 5), Message(10, Text(1, "chat:a"), Number(7, unchecked((ulong)-1L)), Message(8, Number(1, 3), Text(2, "e")), Number(9, 1))),
        Framed(Message(12, Text(1, "1"))),
    ];

    [Fact]
    public void Messages_are_read_one_after_the_other()
    {
        var read = ReadAll(Commands.SelectMany(static command => command).ToArray());
        Assert.Equal([CommandType.Open, CommandType.Subscribe, CommandType.Unsubscribe, CommandType.Publish, CommandType.History, CommandType.Call], read.Select(static item => item.Command.Type));
        Assert.All(read, static item => Assert.Null(item.Fault));
        Assert.Equal(("token", new StreamPosition("epoch", 9)), (read[0].Command.Token, read[0].Command.Targets![0].Since));
        Assert.Equal(("chat:é", new StreamPosition("e", StreamPosition.LargestOffset), true, true), (read[1].Command.Target.Channel, read[1].Command.Target.Since, read[1].Command.Target.Presence, read[1].Command.Target.MustRecover));
        Assert.Equal("{\"a\":1}", Encoding.UTF8.GetString(read[3].Command.Data.Span));
        Assert.Equal((CentrifugeFields.MostMessages, new StreamPosition("e", 3)), (read[4].Command.Limit, read[4].Command.Before));
    }

    [Fact]
    public void What_is_cut_anywhere_ends_the_connection_and_harms_no_message_before_it()
    {
        foreach (var command in Commands)
        {
            for (var i = 1; i < command.Length; i++)
            {
                var read = ReadAll([.. Commands[2], .. command[..i]]);
                Assert.Equal((CommandType.Unsubscribe, true), (read[0].Command.Type, read[1].Fault!.Ends));
            }
        }
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1UL << 31)]
    [InlineData(1UL << 32)]
    [InlineData(ulong.MaxValue)]
    public void No_length_is_believed(ulong length)
    {
        Assert.True(ReadAll([.. Varint(length), 1, 2, 3])[0].Fault!.Ends);
        Assert.True(ReadAll(Framed(Number(1, 1), [.. Varint((5 << 3) | 2), .. Varint(length), 1]))[0].Fault!.Ends);
        Assert.True(ReadAll(Framed(Number(1, 1), Message(5, [.. Varint((1 << 3) | 2), .. Varint(length), 1])))[0].Fault!.Ends);
    }

    [Fact]
    public void What_is_malformed_ends_the_connection()
    {
        foreach (var message in new byte[][]
        {
            Enumerable.Repeat((byte)0xFF, 11).ToArray(), [.. Enumerable.Repeat((byte)0x80, 9), 2], Framed([0]), Framed([7]), Framed(Number(1, ulong.MaxValue)), Framed(Number(5, 1)), Framed(Number(1, 1), Number(5, 1)),
            Framed(Number(1, 1), Bytes(5, [0xFF])), Framed(Number(1, 1), Message(5, Bytes(1, [0xC3, 0x28]))), Framed(Number(1, 1), Message(5, Message(3, Text(1, "x")))), Framed(Number(1, 1), [(1 << 3) | 5, 0, 0]),
            Framed(Number(1, 1), Message(4, Message(3, Number(1, 1)))), Framed(Number(1, 1), Message(4, Message(3, Bytes(1, [0xFF]), Bytes(2, [])))),
        })
        {
            Assert.True(ReadAll(message)[0].Fault!.Ends, Convert.ToHexString(message));
        }
    }

    [Fact]
    public void What_is_unknown_is_passed_over_and_what_is_not_done_here_refused()
    {
        byte[] unknown = [.. Number(99, 7), .. Text(98, "x"), (byte)((97 << 3) & 0x7F | 0x80 | 5), (97 << 3) >> 7, 0, 0, 0, 0];
        var read = ReadAll(Framed(Number(1, 1), unknown, Message(5, Text(1, "old"), unknown, Text(1, "chat:a"))))[0];
        Assert.Equal((CommandType.Subscribe, "chat:a", null), (read.Command.Type, read.Command.Target.Channel, read.Fault));
        Assert.Equal(CentrifugeReader.NotAvailable, ReadAll(Framed(Number(1, 1), Message(5, Text(1, "a"), Message(13, Text(1, "eq")))))[0].Fault!.Error);
        Assert.Equal(CentrifugeReader.NotAvailable, ReadAll(Framed(Number(1, 1), Message(5, Text(1, "a"), Number(15, 4))))[0].Fault!.Error);
        Assert.Equal("FF", Convert.ToHexString(ReadAll(Framed(Number(1, 1), Message(7, Text(1, "a"), Bytes(2, [0xFF]))))[0].Command.Bytes!.Value.Span));
        Assert.False(ReadAll(Framed(Number(1, 1), Message(7, Text(1, "a"), Bytes(2, []))))[0].Fault!.Ends);
        Assert.Equal(CommandType.Pong, ReadAll([0])[0].Command.Type);
    }

    private static List<(Command Command, CommandFault? Fault)> ReadAll(byte[] bytes)
    {
        ReadOnlySpan<byte> left = bytes;
        var read = new List<(Command, CommandFault?)>();
        while (!left.IsEmpty)
        {
            var fault = Dialect.Read(ref left, out var command);
            read.Add((command, fault));
        }

        return read;
    }
}
