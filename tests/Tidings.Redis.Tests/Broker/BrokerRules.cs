using System.Text;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Broker;

/// <summary>What every broker promises, whatever it keeps its logs in. Each test takes a channel of its own.</summary>
public abstract partial class BrokerRules
{
    private static int s_channels;

    private protected string Channel { get; } = $"rules:{Interlocked.Increment(ref s_channels)}";

    /// <summary>A node; those after the first share what they have with it.</summary>
    private protected abstract Task<BrokerNode> NodeAsync();

    /// <summary>Whether there may be a second one.</summary>
    private protected virtual bool Shares => true;

    /// <summary>Lets time go by.</summary>
    private protected abstract Task PassAsync(TimeSpan time);

    [Fact]
    public async Task Offsets_go_on_one_by_one_and_all_who_listen_hear_each_once_in_order()
    {
        var nodes = await NodesAsync();
        var listeners = await ListenersAsync(nodes);
        var last = default(StreamPosition);
        for (var i = 1; i <= 50; i++)
        {
            last = await nodes[i % nodes.Count].SayAsync(Channel, $"{i}");
            Assert.Equal(i, last.Offset);
        }

        foreach (var listener in listeners)
        {
            await listener.HasHeardAsync(last);
            Assert.Equal(Enumerable.Range(1, 50).Select(static i => (long)i), listener.Offsets);
            Assert.All(listener.Heard, message => Assert.Equal(last.Epoch, message.Epoch));
            Assert.Equal(Enumerable.Range(1, 50).Select(static i => $"{i}"), listener.Heard.Select(static message => Encoding.UTF8.GetString(message.Data.Bytes.Span)));
        }
    }

    [Fact]
    public async Task Many_publishers_at_once_leave_no_hole_and_everybody_hears_the_same()
    {
        var nodes = await NodesAsync();
        var listeners = await ListenersAsync(nodes);
        var positions = await Task.WhenAll(Enumerable.Range(0, 400).Select(i => nodes[i % nodes.Count].SayAsync(Channel, $"{i}", history: 1000)));
        Assert.Equal(Enumerable.Range(1, 400).Select(static i => (long)i), positions.Select(static position => position.Offset).Order());
        var log = await nodes[0].ReadAsync(Channel, last: 1000);
        foreach (var listener in listeners)
        {
            await listener.HasHeardAsync(log.Top);
            Assert.Equal(Texts(log.Messages), Texts(listener.Heard));
        }
    }

    [Fact]
    public async Task Who_has_begun_to_listen_misses_nothing_that_is_said_from_then_on()
    {
        var nodes = await NodesAsync();
        for (var i = 0; i < 30; i++)
        {
            using var listener = await Listener.OnAsync(nodes[^1], $"{Channel}.{i}");
            var position = await nodes[0].SayAsync($"{Channel}.{i}", "first");
            await listener.HasHeardAsync(position);
            Assert.Equal([1L], listener.Offsets);
        }
    }

    [Fact]
    public async Task What_goes_with_a_message_arrives_with_it_live_and_later()
    {
        var nodes = await NodesAsync();
        using var listener = await Listener.OnAsync(nodes[^1], Channel);
        var position = await nodes[0].Broker.PublishAsync(new Publication(Channel, MessageData.Text("x"))
        {
            From = "ann",
            Connection = "5f1de0a1b2c3d4e5f607",
            Event = "order paid 支付",
            Key = "k",
            Except = ExceptList.OfConnections(["one", "two"]),
        });
        await listener.HasHeardAsync(position!.Value);
        var read = (await nodes[^1].ReadAsync(Channel, last: 1)).Messages[0];
        foreach (var message in new[] { listener.Heard[0], read })
        {
            Assert.Equal(("ann", "5f1de0a1b2c3d4e5f607", "order paid 支付", "k"), (message.From, message.Connection, message.Event, message.Key));
            Assert.Equal((true, true, false), (message.Except!.Has("one", null), message.Except.Has("two", null), message.Except.Has("three", "one")));
        }
    }

    [Fact]
    public async Task What_is_said_in_passing_may_be_an_event_that_users_do_not_get()
    {
        var nodes = await NodesAsync();
        using var listener = await Listener.OnAsync(nodes[^1], Channel);
        await nodes[0].Broker.PublishAsync(new Publication(Channel, MessageData.Text("x")) { Ephemeral = true, Event = "typing", Except = new ExceptList(new HashSet<string> { "bob" }, hasUsers: true) });
        await listener.HasHeardAsync(await nodes[0].SayAsync(Channel, "y"));
        var (name, except) = (listener.Heard[0].Event, listener.Heard[0].Except!);
        Assert.Equal(("typing", true, true, false), (name, except.Has("bob", null), except.Has("x", "bob"), except.Has("x", "y")));
    }

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

    [Fact]
    public async Task A_repeat_with_the_same_key_is_the_first_one_again_from_wherever_it_comes()
    {
        var nodes = await NodesAsync();
        for (var round = 0; round < 20; round++)
        {
            var positions = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => nodes[i % nodes.Count].SayAsync(Channel, "same", $"key{round}")));
            Assert.Single(positions.Distinct());
            Assert.Equal(round + 1, positions[0].Offset);
        }
    }

    [Fact]
    public async Task Keys_of_one_channel_say_nothing_in_another()
    {
        var node = await NodeAsync();
        await node.SayAsync(Channel, "one", "key");
        await node.SayAsync($"{Channel}.other", "zero");
        Assert.Equal(2, (await node.SayAsync($"{Channel}.other", "one", "key")).Offset);
    }

    [Fact]
    public async Task What_is_said_in_passing_has_no_place_in_the_log()
    {
        var nodes = await NodesAsync();
        var listeners = await ListenersAsync(nodes);
        Assert.Null(await nodes[0].Broker.PublishAsync(new Publication(Channel, MessageData.Text("typing")) { Ephemeral = true, Except = new ExceptList(new HashSet<string> { "me" }, hasUsers: true) }));
        var position = await nodes[0].SayAsync(Channel, "said");
        Assert.Equal(1, position.Offset);
        foreach (var listener in listeners)
        {
            await listener.HasHeardAsync(position);
            Assert.Equal([0, 1], listener.Offsets);
            Assert.Equal(["me"], listener.Heard[0].Except!.Names);
        }

        Assert.Equal([1], Offsets(await nodes[0].ReadAsync(Channel, last: 10)));
    }

    [Fact]
    public async Task All_that_belongs_to_a_message_arrives_and_is_kept()
    {
        var nodes = await NodesAsync();
        using var listener = await Listener.OnAsync(nodes[^1], Channel);
        const string Trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        byte[] hidden = [0, 1, 2, 255];
        MessageData[] data = [MessageData.Text("grüß \"Gott\"\n\u2028 \0 😀"), new(DataKind.Json, """{"a":[1,2.50,"x"],"ü":null}"""u8.ToArray()), new(DataKind.Json, " 1 "u8.ToArray())];
        var last = default(StreamPosition);
        foreach (var one in data)
        {
            last = (await nodes[0].Broker.PublishAsync(new Publication(Channel, one) { From = "ünï\"quote", Key = "k\\ey", Hidden = hidden, TraceParent = Trace }))!.Value;
        }

        await listener.HasHeardAsync(last);
        var log = await nodes[0].ReadAsync(Channel, last: 10);
        foreach (var messages in (IReadOnlyList<Message>[])[listener.Heard, log.Messages])
        {
            Assert.Equal(data.Select(static one => Convert.ToHexString(one.Bytes.Span)), messages.Select(static message => Convert.ToHexString(message.Data.Bytes.Span)));
            Assert.Equal(data.Select(static one => one.Kind), messages.Select(static message => message.Data.Kind));
            Assert.All(messages, message =>
            {
                Assert.Equal("ünï\"quote", message.From);
                Assert.Equal("k\\ey", message.Key);
                Assert.Equal(hidden, message.Hidden!.Value.ToArray());
                Assert.Equal(Trace, message.TraceParent);
                Assert.Equal(Channel, message.Channel);
            });
        }

        Assert.Equal(log.Messages.Select(static message => message.Time), listener.Heard.Select(static message => message.Time));
    }

    [Fact]
    public async Task What_is_too_old_is_gone_and_the_rest_is_still_there()
    {
        var node = await NodeAsync();
        var age = TimeSpan.FromSeconds(2);
        for (var i = 0; i < 10; i++)
        {
            await node.SayAsync(Channel, "old", age: age);
        }

        await PassAsync(TimeSpan.FromSeconds(1.3));
        var last = await node.SayAsync(Channel, "new", age: age);
        await PassAsync(TimeSpan.FromSeconds(1.3));
        Assert.Equal([11], Offsets(await node.ReadAsync(Channel, last: 100)));
        Assert.True((await node.ReadAsync(Channel, last with { Offset = 10 })).Recovered);
        Assert.False((await node.ReadAsync(Channel, last with { Offset = 9 })).Recovered);
        await PassAsync(TimeSpan.FromSeconds(1.3));
        Assert.Empty((await node.ReadAsync(Channel, last: 100)).Messages);
        Assert.Equal(last, (await node.ReadAsync(Channel)).Top);
    }

    private static IEnumerable<long> Offsets(HistoryPart part)
    {
        Assert.True(part.Recovered);
        return part.Messages.Select(static message => message.Offset);
    }

    private static IEnumerable<string> Texts(IEnumerable<Message> messages) => messages.Select(static message => $"{message.Position} {Encoding.UTF8.GetString(message.Data.Bytes.Span)}");

    private protected async Task<IReadOnlyList<BrokerNode>> NodesAsync() => Shares ? [await NodeAsync(), await NodeAsync(), await NodeAsync()] : [await NodeAsync()];

    private async Task<IReadOnlyList<Listener>> ListenersAsync(IReadOnlyList<BrokerNode> nodes) => await Task.WhenAll(nodes.Select(node => Listener.OnAsync(node, Channel)));
}
