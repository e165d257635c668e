using System.Text;
using System.Text.Json;
using Tidings.Protocol.Positions;

namespace Tidings.Protocol.Tests.Positions;

/// <summary>docs/protocol.md, "Positions", by the samples that the clients' tests read too.</summary>
public class ChannelPositionTests
{
    public static TheoryData<string, string> Valid => [.. Samples("valid").Select(static sample => (sample.GetProperty("channels").GetRawText(), Position(sample)))];

    public static TheoryData<string, string> Invalid => [.. Samples("invalid").Select(static sample => (sample.GetProperty("why").GetString()!, Position(sample)))];

    [Theory]
    [MemberData(nameof(Valid))]
    public void What_is_valid_is_read_and_written_as_the_same(string channels, string position)
    {
        var read = ChannelPositions.TryRead(position);
        Assert.NotNull(read);
        var expected = JsonDocument.Parse(channels).RootElement.EnumerateArray()
            .Select(static at => new ChannelPosition(at[0].GetString()!, new StreamPosition(at[1].GetString()!, at[2].GetInt64())));
        Assert.Equal(expected, read);
        Assert.Equal(position, Encoding.ASCII.GetString(new ReaderPosition(read).Text));
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void What_is_invalid_is_refused(string why, string position) => Assert.True(ChannelPositions.TryRead(position) is null, why);

    [Fact]
    public void Messages_and_gaps_move_it_and_nothing_else_does()
    {
        var position = new ReaderPosition(null);
        Assert.False(position.IsKnown);
        Assert.Equal(EventKind.Connected, position.Note("""{"type":"connected","connection":"c","user":"subscriptions","subscriptions":[{"channel":"a","epoch":"e","offset":1},{"channel":"b","epoch":"f","offset":0}]}"""u8));
        Assert.Equal(EventKind.Message, position.Note("""{"type":"message","channel":"a","offset":2,"data":{"offset":9,"channel":"b"},"time":1}"""u8));
        Assert.Equal(EventKind.Gap, position.Note("""{"type":"gap","channel":"b","epoch":"g","offset":7,"from":1,"to":7,"reason":"epoch"}"""u8));
        var before = position.Text.ToArray();
        Assert.Equal("""[["a","e",2],["b","g",7]]""", Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromUtf8(before)));
        Assert.Equal(EventKind.Message, position.Note("""{"type":"message","channel":"a","data":{"offset":9},"time":1}"""u8));
        Assert.Equal(EventKind.Message, position.Note("""{"type":"message","channel":"other","offset":9,"data":1,"time":1}"""u8));
        Assert.Equal(EventKind.Other, position.Note("""{"type":"join","channel":"a","member":{"user":"x","offset":9}}"""u8));
        Assert.Equal(EventKind.Other, position.Note("""{"type":"direct","data":{"type":"gap","channel":"a","epoch":"z","offset":1}}"""u8));
        Assert.Equal(EventKind.Unsubscribed, position.Note("""{"type":"unsubscribed","channel":"a"}"""u8));
        Assert.Equal(before, position.Text.ToArray());
    }

    [Fact]
    public void To_note_a_message_and_to_write_the_position_allocates_nothing()
    {
        var position = new ReaderPosition([new ChannelPosition("chat:lobby", new StreamPosition("9c3e51ab70d2f648", 0))]);
        var message = """{"type":"message","channel":"chat:lobby","offset":123456,"data":{"text":"hello"},"from":"ann","time":1767225600000}"""u8.ToArray();
        NoteAndWrite(position, message);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            NoteAndWrite(position, message);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void NoteAndWrite(ReaderPosition position, byte[] message)
    {
        position.Note(message);
        _ = position.Text;
    }

    private static IEnumerable<JsonElement> Samples(string kind) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "vectors", "positions.json"))).RootElement.GetProperty(kind).EnumerateArray();

    private static string Position(JsonElement sample) => sample.GetProperty("position").GetString()!;
}
