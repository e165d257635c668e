using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;
using Xunit;

namespace Tidings.Specification;

/// <content>Erasing.</content>
public abstract partial class BrokerRules
{
    [Fact]
    public async Task An_erased_message_is_an_empty_place_for_everybody_and_those_who_listen_are_told()
    {
        var nodes = await NodesAsync();
        var listeners = await ListenersAsync(nodes);
        var top = default(StreamPosition);
        for (var i = 1; i <= 5; i++)
        {
            top = await nodes[0].SayAsync(Channel, $"secret-{i}");
        }

        foreach (var listener in listeners)
        {
            await listener.HasHeardAsync(top);
        }

        var erased = top with { Offset = 3 };
        Assert.Equal(1, await nodes[0].Broker.EraseAsync(Channel, erased));
        Assert.Equal(0, await nodes[^1].Broker.EraseAsync(Channel, erased));
        foreach (var (node, listener) in nodes.Zip(listeners))
        {
            await Eventually.TrueAsync(() => listener.Heard.Any(message => message.Kind == MessageKind.Erasure && message.Position == erased), () => "the erasure was heard");
            var part = await node.ReadAsync(Channel, top with { Offset = 0 });
            Assert.Equal((true, top), (part.Recovered, part.Top));
            Assert.Equal([MessageKind.Message, MessageKind.Message, MessageKind.Removed, MessageKind.Message, MessageKind.Message], part.Messages.Select(static message => message.Kind));
            Assert.Equal([1L, 2, 3, 4, 5], part.Messages.Select(static message => message.Offset));
            Assert.Equal((0, null), (part.Messages[2].Data.Bytes.Length, part.Messages[2].Key));
            Assert.Equal([2L, 3], (await node.Broker.ReadAsync(Channel, HistoryRequest.Backwards(top with { Offset = 4 }, 2))).Messages.Select(static message => message.Offset));
        }

        // The log goes on as before.
        Assert.Equal(top with { Offset = 6 }, await nodes[0].SayAsync(Channel, "next"));
        Assert.Equal(1, listeners[0].Heard.Count(static message => message.Kind == MessageKind.Erasure));
    }

    [Fact]
    public async Task What_is_not_there_is_erased_without_a_fault()
    {
        var node = await NodeAsync();
        Assert.Equal(0, await node.Broker.EraseAsync(Channel, null));
        Assert.Equal(0, await node.Broker.EraseAsync(Channel, new StreamPosition("e", 1)));
        var epoch = (await node.ReadAsync(Channel)).Top.Epoch;
        var top = await node.SayAsync(Channel, "one", history: 2);
        Assert.Equal(epoch, top.Epoch);
        await node.SayAsync(Channel, "two", history: 2);
        await node.SayAsync(Channel, "three", history: 2);
        foreach (var offset in new[] { 0, 1, 4, StreamPosition.LargestOffset })
        {
            Assert.Equal(0, await node.Broker.EraseAsync(Channel, top with { Offset = offset }));
        }

        Assert.Equal(0, await node.Broker.EraseAsync(Channel, new StreamPosition("another", 3)));
        Assert.Equal(0, await node.Broker.EraseAsync(Channel, new StreamPosition("", 3)));
        Assert.Equal(0, await node.Broker.EraseAsync(Channel, default(StreamPosition)));
        Assert.Equal(2, (await node.ReadAsync(Channel, last: 10)).Messages.Count);
    }

    [Fact]
    public async Task An_erased_log_begins_anew_and_those_who_listen_are_told()
    {
        var nodes = await NodesAsync();
        var listeners = await ListenersAsync(nodes);
        await nodes[0].SayAsync(Channel, "secret-1", key: "once");
        var last = await nodes[0].SayAsync(Channel, "secret-2");
        foreach (var listener in listeners)
        {
            await listener.HasHeardAsync(last);
        }

        Assert.Equal(2, await nodes[^1].Broker.EraseAsync(Channel, null));
        var top = (await nodes[0].ReadAsync(Channel, last: 10)).Top;
        Assert.NotEqual(last.Epoch, top.Epoch);
        Assert.Equal(0, top.Offset);
        foreach (var (node, listener) in nodes.Zip(listeners))
        {
            await Eventually.TrueAsync(() => listener.Gap is not null || listener.Heard.Any(message => message.Kind == MessageKind.Gap && message.Position == top), () => "the gap was heard");
            var part = await node.ReadAsync(Channel, last: 10);
            Assert.Equal((top, 0), (part.Top, part.Messages.Count));
            Assert.False((await node.ReadAsync(Channel, last)).Recovered);
        }

        Assert.Equal(0, await nodes[0].Broker.EraseAsync(Channel, null));
        Assert.Equal(top, (await nodes[0].ReadAsync(Channel)).Top);

        // A key is a promise inside one epoch.
        var next = await nodes[0].SayAsync(Channel, "anew", key: "once");
        Assert.Equal(top with { Offset = 1 }, next);
        foreach (var listener in listeners)
        {
            await listener.HasHeardAsync(next);
        }
    }
}
