using Tidings.Brokers;
using Tidings.Protocol;
using Xunit;

namespace Tidings.Specification;

/// <content>Reading what is kept.</content>
public abstract partial class BrokerRules
{
    [Fact]
    public async Task What_was_delivered_can_be_read()
    {
        var nodes = await NodesAsync();
        using var listener = await Listener.OnAsync(nodes[^1], Channel);
        for (var i = 0; i < 20; i++)
        {
            var position = await nodes[0].SayAsync(Channel, $"{i}");
            await listener.HasHeardAsync(position);
            Assert.Equal(position, (await nodes[^1].ReadAsync(Channel, last: 1)).Messages[^1].Position);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    public async Task As_many_are_kept_as_was_said(int history)
    {
        var node = await NodeAsync();
        for (var i = 0; i < 20; i++)
        {
            await node.SayAsync(Channel, $"{i}", history: history);
        }

        var part = await node.ReadAsync(Channel, last: 100);
        Assert.Equal(20, part.Top.Offset);
        Assert.Equal(Enumerable.Range(21 - history, history).Select(static i => (long)i), part.Messages.Select(static message => message.Offset));
        var first = part.Top with { Offset = 20 - history };
        Assert.True((await node.ReadAsync(Channel, first)).Recovered);
        Assert.False((await node.ReadAsync(Channel, first with { Offset = first.Offset - 1 })).Recovered);
    }

    [Theory]
    [InlineData(21, 5, true, 16, 20)]
    [InlineData(20, 5, true, 15, 19)]
    [InlineData(18, 1, true, 17, 17)]
    [InlineData(18, 0, true, 1, 0)]
    [InlineData(13, 5, true, 11, 12)]
    [InlineData(12, 1000, true, 11, 11)]
    [InlineData(11, 5, false, 1, 0)]
    [InlineData(2, 5, false, 1, 0)]
    [InlineData(2, 0, false, 1, 0)]
    [InlineData(1, 5, true, 1, 0)]
    [InlineData(0, 5, true, 1, 0)]
    [InlineData(1000, 3, true, 18, 20)]
    [InlineData(StreamPosition.LargestOffset, 3, true, 18, 20)]
    public async Task What_is_kept_is_read_backwards(long before, int limit, bool recovered, int first, int last)
    {
        var node = await NodeAsync();
        var top = default(StreamPosition);
        for (var i = 0; i < 20; i++)
        {
            top = await node.SayAsync(Channel, $"{i}", history: 10);
        }

        var part = await node.Broker.ReadAsync(Channel, HistoryRequest.Backwards(top with { Offset = before }, limit));
        Assert.Equal((top, recovered), (part.Top, part.Recovered));
        Assert.Equal(Enumerable.Range(first, last - first + 1).Select(static i => (long)i), part.Messages.Select(static message => message.Offset));
        var foreign = await node.Broker.ReadAsync(Channel, HistoryRequest.Backwards(new StreamPosition("another", before), limit));
        Assert.Equal((false, 0), (foreign.Recovered, foreign.Messages.Count));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 3)]
    [InlineData(100, 10)]
    public async Task What_is_kept_is_read_from_the_oldest(int limit, int count)
    {
        var node = await NodeAsync();
        for (var i = 1; i <= 12; i++)
        {
            await node.SayAsync(Channel, $"{i}", history: 10);
        }

        var part = await node.Broker.ReadAsync(Channel, HistoryRequest.FromOldest(limit));
        Assert.True(part.Recovered);
        Assert.Equal(12, part.Top.Offset);
        Assert.Equal(Enumerable.Range(3, count).Select(static i => (long)i), part.Messages.Select(static message => message.Offset));
        Assert.Empty((await node.Broker.ReadAsync(Channel + ":absent", HistoryRequest.FromOldest(limit))).Messages);
    }

    [Fact]
    public async Task Before_the_first_message_of_an_absent_log_there_is_nothing()
    {
        var node = await NodeAsync();
        var top = (await node.ReadAsync(Channel)).Top;
        var part = await node.Broker.ReadAsync(Channel, HistoryRequest.Backwards(top, 5));
        Assert.Equal((top, true, 0), (part.Top, part.Recovered, part.Messages.Count));
        Assert.False((await node.Broker.ReadAsync(Channel, HistoryRequest.Backwards(new StreamPosition("another", 7), 5))).Recovered);
    }

    [Fact]
    public async Task Fewer_are_kept_as_soon_as_something_is_said_of_which_fewer_are_to_be_kept()
    {
        var node = await NodeAsync();
        for (var i = 0; i < 20; i++)
        {
            await node.SayAsync(Channel, $"{i}", history: 10);
        }

        await node.SayAsync(Channel, "last", history: 3);
        Assert.Equal([19, 20, 21], Offsets(await node.ReadAsync(Channel, last: 100)));
    }

    [Fact]
    public async Task Reading_goes_on_from_a_position_and_no_further_than_was_asked()
    {
        var node = await NodeAsync();
        var last = default(StreamPosition);
        for (var i = 1; i <= 1200; i++)
        {
            last = await node.SayAsync(Channel, $"{i}", history: 2000);
        }

        Assert.Equal(1200, (await node.ReadAsync(Channel, last with { Offset = 0 })).Messages.Count);
        Assert.Equal([1199, 1200], Offsets(await node.ReadAsync(Channel, last with { Offset = 1198 })));
        Assert.Equal([3, 4, 5], Offsets(await node.ReadAsync(Channel, last with { Offset = 2 }, limit: 3)));
        Assert.Equal([1198, 1199, 1200], Offsets(await node.ReadAsync(Channel, last: 3)));
        Assert.Empty((await node.ReadAsync(Channel, last)).Messages);
        Assert.True((await node.ReadAsync(Channel, last)).Recovered);
        Assert.Empty((await node.ReadAsync(Channel)).Messages);
        Assert.Equal(last, (await node.ReadAsync(Channel)).Top);
    }

    [Fact]
    public async Task A_position_of_no_log_or_of_the_future_is_not_recovered()
    {
        var node = await NodeAsync();
        var position = await node.SayAsync(Channel, "one");
        foreach (var wrong in (StreamPosition[])[new("other", 1), new("other", 0), position with { Offset = 2 }, position with { Offset = StreamPosition.LargestOffset }])
        {
            var part = await node.ReadAsync(Channel, wrong);
            Assert.False(part.Recovered);
            Assert.Empty(part.Messages);
            Assert.Equal(position, part.Top);
        }
    }

    [Fact]
    public async Task A_channel_that_nobody_has_spoken_in_has_an_epoch_that_stays()
    {
        var nodes = await NodesAsync();
        var top = (await nodes[0].ReadAsync(Channel)).Top;
        Assert.Equal(0, top.Offset);
        Assert.Equal(top, (await nodes[^1].ReadAsync(Channel)).Top);
        Assert.Equal(top with { Offset = 1 }, await nodes[^1].SayAsync(Channel, "one"));
        Assert.Equal([1], Offsets(await nodes[0].ReadAsync(Channel, top)));
    }
}
