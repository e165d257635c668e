using System.Text;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;
using Xunit;

namespace Tidings.Specification;

/// <summary>What every broker promises, whatever it keeps its logs in. Each test takes a channel of its own.</summary>
public abstract partial class BrokerRules
{
    protected string Channel { get; } = $"rules:{Guid.NewGuid():n}";

    /// <summary>A node; those after the first share what they have with it.</summary>
    protected abstract Task<EngineNode> NodeAsync();

    /// <summary>Whether there may be a second one.</summary>
    protected virtual bool Shares => true;

    /// <summary>Lets time go by.</summary>
    protected abstract Task PassAsync(TimeSpan time);

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

    protected async Task<IReadOnlyList<EngineNode>> NodesAsync() => Shares ? [await NodeAsync(), await NodeAsync(), await NodeAsync()] : [await NodeAsync()];

    private async Task<IReadOnlyList<Listener>> ListenersAsync(IReadOnlyList<EngineNode> nodes) => await Task.WhenAll(nodes.Select(node => Listener.OnAsync(node, Channel)));
}
