using System.Text.Json;
using TestKit;

namespace Tidings.Tests.Events;

/// <summary>The ledger finds what is planted, and nothing where nothing is.</summary>
public sealed class EventLedgerTests
{
    private static readonly string[] Visit =
    [
        """{"id":"1","type":"connection.opened","connection":"x","user":"u"}""",
        """{"id":"2","type":"channel.occupied","channel":"c"}""",
        """{"id":"3","type":"member.joined","channel":"c","user":"u"}""",
        """{"id":"4","type":"connection.closed","connection":"x","user":"u"}""",
        """{"id":"5","type":"member.left","channel":"c","user":"u"}""",
        """{"id":"6","type":"channel.vacated","channel":"c"}""",
    ];

    [Fact]
    public void A_visit_is_no_fault_and_leaves_nobody()
    {
        var ledger = Read([.. Visit, Visit[3], .. Visit]);
        Assert.Empty(ledger.Faults);
        Assert.Equal((6, 6), (ledger.Count, ledger.Turns));
        Assert.Empty(ledger.Connections.Concat(ledger.Channels).Concat(ledger.Members));
    }

    [Fact]
    public void State_is_who_came_and_did_not_go()
    {
        var ledger = Read(Visit[..3]);
        Assert.Equal(["x", "c", "c u"], [.. ledger.Connections, .. ledger.Channels, .. ledger.Members]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void What_begins_twice_is_found(int place) => Assert.Single(Read([.. Visit[..3], Visit[place].Replace("\"id\":\"", "\"id\":\"other", StringComparison.Ordinal)]).Faults);

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void What_ends_twice_or_before_it_began_is_found(int place)
    {
        Assert.NotEmpty(Read([.. Visit, Visit[place].Replace("\"id\":\"", "\"id\":\"other", StringComparison.Ordinal)]).Faults);
        Assert.NotEmpty(Read([Visit[place], .. Visit.Where(one => one != Visit[place])]).Faults);
    }

    [Fact]
    public void An_end_that_is_missing_is_found_by_the_next_beginning_or_the_state()
    {
        Assert.Equal(["c"], Read(Visit[..5]).Channels);
        Assert.Single(Read([.. Visit[..5], """{"id":"7","type":"channel.occupied","channel":"c"}"""]).Faults);
    }

    [Fact]
    public void Two_events_with_one_id_are_found() => Assert.Single(Read([.. Visit, Visit[1].Replace("\"c\"", "\"d\"", StringComparison.Ordinal)]).Faults);

    [Fact]
    public void A_connection_that_opens_again_is_found_unless_its_node_was_only_cut_off()
    {
        string[] again = [.. Visit, """{"id":"7","type":"connection.opened","connection":"x","user":"u"}"""];
        Assert.Single(Read(again).Faults);
        Assert.Empty(new EventLedger(again.Select(static text => JsonElement.Parse(text)), exact: false).Faults);
    }

    [Fact]
    public void Dropped_events_are_found() => Assert.Single(Read(["""{"id":"1","type":"events.trimmed","data":{"count":1}}"""]).Faults);

    [Fact]
    public void Messages_out_of_their_order_are_found_and_those_that_are_missing_counted()
    {
        static string Message(int offset, string channel = "c", string epoch = "e") =>
            $$$"""{"id":"{{{channel}}}{{{epoch}}}{{{offset}}}","type":"message.published","channel":"{{{channel}}}","data":{"epoch":"{{{epoch}}}","offset":{{{offset}}},"data":1}}""";
        var ledger = Read([Message(3), Message(4), Message(4), Message(1, channel: "d"), Message(1, epoch: "f"), Message(7)]);
        Assert.Empty(ledger.Faults);
        Assert.Equal((5, 1, 2L), (ledger.Messages, ledger.Repeats, ledger.MissingMessages));
        Assert.Single(Read([Message(3), Message(5), Message(4)]).Faults);
    }

    private static EventLedger Read(IEnumerable<string> events) => new(events.Select(static text => JsonElement.Parse(text)));
}
