using System.Text;
using Tidings.AspNetCore.Centrifuge;
using Tidings.Protocol.Commands;

namespace Tidings.Channels.Tests.Centrifuge;

public sealed class CentrifugeReaderTests
{
    private static readonly string[] Lines =
    [
        """{"connect":{"token":"a.b.c","name":"js","subs":{"all":{"recover":true,"offset":3,"epoch":"9c3e51ab70d2f648"}}},"id":1}""",
        """{"subscribe":{"channel":"chat:a","join_leave":true,"flag":3,"recover":true,"offset":3,"epoch":"99dd2530","token":"t"},"id":2}""",
        """{"unsubscribe":{"channel":"chat:a"},"id":3}""",
        """{"publish":{"channel":"chat:a","data":{"a":[1,"é\n",null]}},"id":4}""",
        """{"history":{"channel":"chat:a","limit":10,"since":{"offset":1,"epoch":"e"},"reverse":true},"id":5}""",
        """{"presence":{"channel":"chat:a"},"id":6}""",
        """{"presence_stats":{"channel":"chat:a"},"id":7}""",
        """{"rpc":{"method":"m","data":{"a":1}},"id":8}""",
        """{"send":{"data":{"x":1}}}""",
        """{"refresh":{"token":"t"},"id":9}""",
        """{"sub_refresh":{"channel":"chat:a","token":"t"},"id":10}""",
    ];

    private static readonly CommandType[] Types =
    [
        CommandType.Open, CommandType.Subscribe, CommandType.Unsubscribe, CommandType.Publish, CommandType.History, CommandType.Presence, CommandType.Presence, CommandType.Call, CommandType.Call, CommandType.Auth, CommandType.Subscribe,
    ];

    [Fact]
    public void Lines_are_read_one_after_the_other_whatever_stands_between_them()
    {
        foreach (var between in new[] { "\n", "\r\n", "\n\n \t\n", " \n" })
        {
            Assert.Equal(Types, ReadAll(string.Join(between, Lines)).Select(static read => read.Command.Type));
            Assert.Equal(Types, ReadAll(between + string.Join(between, Lines) + between).Select(static read => read.Command.Type));
        }
    }

    [Fact]
    public void What_is_cut_anywhere_ends_the_connection_and_harms_no_line_before_it()
    {
        foreach (var line in Lines)
        {
            for (var i = 1; i < line.Length; i++)
            {
                var read = ReadAll(Lines[5] + "\n" + line[..i]);
                Assert.Equal((CommandType.Presence, true), (read[0].Command.Type, read[1].Fault!.Ends));
                Assert.True(ReadAll(line + line[i..])[0].Fault!.Ends);
            }
        }
    }

    [Fact]
    public void Of_several_methods_the_first_of_the_protocol_s_order_counts()
    {
        var (command, fault) = ReadAll("""{"rpc":{"method":"m"},"subscribe":{"channel":"a"},"connect":null,"id":1}""")[0];
        Assert.Equal((CommandType.Subscribe, null), (command.Type, fault));
    }

    [Theory]
    [InlineData("""{"id":1.5,"rpc":{}}""")]
    [InlineData("""{"id":4294967296,"rpc":{}}""")]
    [InlineData("""{"id":"1","rpc":{}}""")]
    [InlineData("""{"id":0,"rpc":{"method":"m"}}""")]
    [InlineData("""{"id":1,"send":{}}""")]
    [InlineData("""{"id":1,"unknown":{}}""")]
    [InlineData("""{"connect":{"token":"\ud800"},"id":1}""")]
    [InlineData("null")]
    [InlineData("1")]
    [InlineData("\"x\"")]
    public void What_is_no_command_ends_the_connection(string line) => Assert.True(ReadAll(line)[0].Fault!.Ends);

    [Fact]
    public void A_message_of_blank_lines_is_one_sign_of_life_and_costs_no_more_than_its_length()
    {
        var blank = new string('\n', 1 << 20);
        Assert.Equal([CommandType.Pong], ReadAll(blank).Select(static read => read.Command.Type));
        Assert.Equal([CommandType.Presence, CommandType.Presence], ReadAll(Lines[5] + blank + Lines[5]).Select(static read => read.Command.Type));
    }

    [Fact]
    public void A_thousand_levels_are_no_command() =>
        Assert.True(ReadAll($$"""{"publish":{"channel":"a","data":{{new string('[', 1000)}}{{new string(']', 1000)}}},"id":1}""")[0].Fault!.Ends);

    private static List<(Command Command, CommandFault? Fault)> ReadAll(string lines)
    {
        ReadOnlySpan<byte> text = Encoding.UTF8.GetBytes(lines);
        var read = new List<(Command, CommandFault?)>();
        while (!text.IsEmpty)
        {
            var fault = CentrifugeReader.Read(ref text, out var command);
            read.Add((command, fault));
        }

        return read;
    }
}
