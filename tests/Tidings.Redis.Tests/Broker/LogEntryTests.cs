using System.Text;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Redis.Tests.Broker;

/// <summary>Entries that other versions wrote are read, with what can be made of them.</summary>
public sealed class LogEntryTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData("""{"trace":"x"}""")]
    [InlineData("""{"trace":"00-00000000000000000000000000000000-0000000000000000-01"}""")]
    [InlineData("""{"trace":7}""")]
    [InlineData("""{"trace":null}""")]
    [InlineData("""{"trace":{"a":1}}""")]
    public void A_context_that_is_missing_or_odd_costs_no_message(string line)
    {
        var message = LogEntry.Decode("a", new StreamPosition("e", 1), 1, Encoding.UTF8.GetBytes(line + "\n1"));
        Assert.NotNull(message);
        Assert.Null(message.TraceParent);
    }

    [Fact]
    public void All_that_goes_with_a_message_is_read_as_it_was_written()
    {
        var said = new Publication("a", MessageData.Text("hi\nyou"))
        {
            From = "ann \"b\"",
            Key = "k",
            Except = new ExceptList(new HashSet<string> { "bob", "cy" }, hasUsers: true),
            Event = "paid \"now\"",
            Connection = "c",
            Hidden = new byte[] { 1, 2, 3 },
        };
        var read = LogEntry.Decode("a", new StreamPosition("e", 7), 5, LogEntry.Encode(said))!;
        Assert.Equal(("a", new StreamPosition("e", 7), 5L, said.From, "k"), (read.Channel, read.Position, read.Time, read.From, read.Key));
        Assert.Equal((DataKind.Text, "hi\nyou"), (read.Data.Kind, Encoding.UTF8.GetString(read.Data.Bytes.Span)));
        Assert.Equal(["bob", "cy"], read.Except!.Names.Order());
        Assert.Equal((true, said.Event, "c"), (read.Except.HasUsers, read.Event, read.Connection));
        Assert.Equal([1, 2, 3], read.Hidden!.Value.ToArray());
        Assert.Equal(MessageKind.Message, read.Kind);
    }

    [Theory]
    [InlineData("""{"binary":true}""", true)]
    [InlineData("""{"binary":true,"key":"k","name":"e"}""", true)]
    [InlineData("""{"binary":false}""", false)]
    [InlineData("""{"binary":1}""", false)]
    [InlineData("""{"binary":true,"text":true}""", false)]
    [InlineData("""{"text":true,"binary":true}""", false)]
    [InlineData("""{"binary":true,"event":"join"}""", false)]
    [InlineData("""{"binary":true,"remove":true,"key":"k"}""", false)]
    [InlineData("""{"text":true,"event":"join"}""", false)]
    [InlineData("{}", false)]
    [InlineData("""{"text":true}""", false)]
    public void Only_what_says_so_may_be_any_bytes_and_of_presence_nothing_may(string line, bool isRead)
    {
        byte[] payload = [0xFF, 0x0A, 0x00];
        var read = LogEntry.Decode("a", new StreamPosition("e", 1), 1, new[] { Encoding.UTF8.GetBytes(line + "\n"), payload }.SelectMany(static part => part).ToArray());
        Assert.Equal(isRead, read is not null);
        Assert.Equal(isRead ? payload : null, read?.Data.Bytes.ToArray());
        Assert.True(read is null || read.Data.Kind == DataKind.Binary);
    }

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(StreamPosition.LargestOffset, StreamPosition.LargestOffset, true)]
    [InlineData(-1, 0, false)]
    [InlineData(0, -1, false)]
    [InlineData(StreamPosition.LargestOffset + 1, 0, false)]
    [InlineData(0, StreamPosition.LargestOffset + 1, false)]
    public void Offsets_and_times_are_whole_numbers_that_every_client_can_read(long offset, long time, bool isRead) =>
        Assert.Equal(isRead, LogEntry.Decode("a", new StreamPosition("e", offset), time, "{}\n1"u8.ToArray()) is not null);

    [Theory]
    [InlineData("hidden", 64 << 10, true)]
    [InlineData("hidden", (64 << 10) + 1, false)]
    [InlineData("from", 512, true)]
    [InlineData("from", 513, false)]
    [InlineData("key", 512, true)]
    [InlineData("key", 513, false)]
    [InlineData("except", 1000, true)]
    [InlineData("except", 1001, false)]
    [InlineData("skip", 1000, true)]
    [InlineData("skip", 1001, false)]
    [InlineData("connection", 512, true)]
    [InlineData("connection", 513, false)]
    [InlineData("name", 200, true)]
    [InlineData("name", 201, false)]
    public void What_goes_with_a_message_is_bounded(string what, int length, bool isRead)
    {
        var value = what switch
        {
            "hidden" => $"\"{Convert.ToBase64String(new byte[length])}\"",
            "except" or "skip" => $"[{string.Join(',', Enumerable.Range(0, length).Select(static i => $"\"{i}\""))}]",
            _ => $"\"{string.Concat(Enumerable.Repeat("\\u0061", length))}\"",
        };
        Assert.Equal(isRead, IsRead($"{{\"{what}\":{value}}}\n1"));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void A_payload_is_bounded(int beyond, bool isRead)
    {
        var payload = new byte[LogEntry.LargestPayload + beyond];
        Array.Fill(payload, (byte)'1');
        "{}\n"u8.CopyTo(payload);
        Assert.Equal(isRead, LogEntry.Decode("a", new StreamPosition("e", 1), 1, payload) is not null);
        Assert.Equal(isRead, LogEntry.DecodePlain("a", payload, 1) is not null);
    }

    [Theory]
    [InlineData("""{"later":{"a":1},"key":"k"}""", true)]
    [InlineData("""{"later":[[1]]}""", false)]
    [InlineData("""{"text":true}""", true)]
    [InlineData("""{"text":false}""", false)]
    [InlineData("""{"event":"other"}""", false)]
    [InlineData("""{"from":1}""", false)]
    [InlineData("""{"from":null}""", false)]
    [InlineData("""{"key":["k"]}""", false)]
    [InlineData("""{"hidden":"?"}""", false)]
    [InlineData("""{"hidden":1}""", false)]
    [InlineData("""{"name":"paid"}""", true)]
    [InlineData("""{"name":"a\nb"}""", false)]
    [InlineData("""{"name":""}""", false)]
    [InlineData("""{"name":["paid"]}""", false)]
    [InlineData("""{"except":"bob"}""", false)]
    [InlineData("""{"skip":"bob"}""", false)]
    [InlineData("""{"except":["bob",1]}""", false)]
    [InlineData("""{"except":["bob"}""", false)]
    [InlineData("""{"key":"k"} 1""", false)]
    [InlineData("""{"key":"k" """, false)]
    [InlineData("[]", false)]
    [InlineData("", false)]
    public void What_does_not_hold_is_refused(string line, bool isRead) => Assert.Equal(isRead, IsRead(line + "\n1"));

    [Theory]
    [InlineData("{}", false)]
    [InlineData("{}\n", false)]
    [InlineData("{}\n1\n2", false)]
    [InlineData("{}\n[1]", true)]
    [InlineData("{\"text\":true}\n", true)]
    public void Data_follow_on_a_line_of_their_own(string payload, bool isRead) => Assert.Equal(isRead, IsRead(payload));

    [Theory]
    [InlineData("1 e-_Z9 3 5", "e-_Z9", 3)]
    [InlineData("1 - 0 5", null, 0)]
    [InlineData("1 0123456789abcdef0123456789abcdef 1 5", "0123456789abcdef0123456789abcdef", 1)]
    public void Before_what_is_published_stands_where_it_belongs(string head, string? epoch, long offset)
    {
        var read = LogEntry.DecodePublished("a", Encoding.UTF8.GetBytes(head + "\n{}\n1"))!;
        Assert.Equal((epoch, offset, 5L), (read.Position.Epoch, read.Offset, read.Time));
        Assert.Equal("1", Encoding.UTF8.GetString(read.Data.Bytes.Span));
    }

    [Theory]
    [InlineData("2 e 3 5")]
    [InlineData("1e 3 5")]
    [InlineData("1  3 5")]
    [InlineData("1 e 3")]
    [InlineData("1 e 35")]
    [InlineData("1 e 3x5")]
    [InlineData("1 e x 5")]
    [InlineData("1 e 3 x")]
    [InlineData("1 e 3 5 ")]
    [InlineData("1 e 0 5")]
    [InlineData("1 - 1 5")]
    [InlineData("1 e! 3 5")]
    [InlineData("1 0123456789abcdef0123456789abcdef0 1 5")]
    [InlineData("1 e -3 5")]
    public void What_is_published_with_another_head_is_refused(string head) =>
        Assert.Null(LogEntry.DecodePublished("a", Encoding.UTF8.GetBytes(head + "\n{}\n1")));

    [Fact]
    public void What_somebody_else_publishes_is_json_or_text_or_nothing()
    {
        Assert.Equal(DataKind.Json, LogEntry.DecodePlain("a", "[1]"u8.ToArray(), 1)!.Data.Kind);
        Assert.Equal(DataKind.Text, LogEntry.DecodePlain("a", "[1"u8.ToArray(), 1)!.Data.Kind);
        Assert.Null(LogEntry.DecodePlain("a", [0xC3], 1));
    }

    private static bool IsRead(string payload) => LogEntry.Decode("a", new StreamPosition("e", 1), 1, Encoding.UTF8.GetBytes(payload)) is not null;
}
