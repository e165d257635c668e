using System.Collections.Concurrent;
using System.Text;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;
using Xunit;

namespace Tidings.Specification;

/// <summary>What every broker promises that keeps a state besides: the newest message of each key.</summary>
public abstract class KeyedStateRules : BrokerRules
{
    private static readonly StateBounds Bounds = new(3, 200);

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(100)]
    public async Task The_newest_message_of_each_key_stays_whatever_the_history_keeps(int history)
    {
        var node = await NodeAsync();
        await SetAsync(node, "a", "1", history);
        await SetAsync(node, "b", "1", history);
        await SetAsync(node, "a", "2", history);
        await node.Broker.PublishAsync(new Publication(Channel, MessageData.Text("no key")) { Retention = Kept(history) });
        await RemoveAsync(node, "b", history);
        var top = await SetAsync(node, "c", "1", history);
        node = await NodeAsync();
        var part = await StateAsync(node);
        Assert.Equal(top, part.Top);
        Assert.Equal(["a=2@3", "c=1@6"], Show(part));
    }

    [Fact]
    public async Task A_binary_payload_is_the_same_bytes_live_in_the_log_and_in_the_state_until_it_is_erased()
    {
        // No UTF-8, line feeds, and what looks like JSON.
        byte[][] payloads = [[], [0x0A, 0xFF, 0x00, 0x0A], "{\"a\":\n1}"u8.ToArray(), [.. Enumerable.Range(0, 100).Select(static i => (byte)(i * 37))]];
        var nodes = await NodesAsync();
        using var listener = await Listener.OnAsync(nodes[^1], Channel);
        var last = default(StreamPosition);
        foreach (var payload in payloads)
        {
            last = (await nodes[0].Broker.PublishAsync(new Publication(Channel, new MessageData(DataKind.Binary, payload)) { Key = "k", Event = "e", Retention = Kept(10) }))!.Value;
        }

        await nodes[0].Broker.PublishAsync(new Publication(Channel, new MessageData(DataKind.Binary, payloads[1])) { Ephemeral = true });
        await listener.HasHeardAsync(last);
        await Eventually.TrueAsync(() => listener.Heard.Count == payloads.Length + 1, () => "what is said in passing is heard");
        Assert.Equal([.. payloads, payloads[1]], listener.Heard.Select(static message => message.Data.Bytes.ToArray()));
        var late = await NodeAsync();
        var log = await late.ReadAsync(Channel, last: 10);
        Assert.Equal(payloads, log.Messages.Select(static message => message.Data.Bytes.ToArray()));
        var state = Assert.Single((await StateAsync(late)).State.SelectMany(static part => part.State!.Entries));
        Assert.Equal(payloads[^1], state.Data.Bytes.ToArray());
        Assert.All([.. listener.Heard, .. log.Messages, state], static message => Assert.Equal(DataKind.Binary, message.Data.Kind));
        Assert.Equal(1, await late.Broker.EraseAsync(Channel, last));
        Assert.Equal(MessageKind.Removed, (await late.ReadAsync(Channel, last: 1)).Messages[0].Kind);
        Assert.Empty(Show(await StateAsync(late)));
    }

    [Fact]
    public async Task A_large_one_is_that_of_one_position_whatever_changes_while_it_is_read()
    {
        const int Keys = 300;
        const int Size = 24_000;
        var retention = new Retention(0, TimeSpan.FromHours(1)) { State = new StateBounds(1000, 16 << 20) };
        var nodes = await NodesAsync();
        var changes = new ConcurrentDictionary<long, (string Key, byte? First)>();
        foreach (var some in Enumerable.Range(0, Keys).Chunk(20))
        {
            await Task.WhenAll(some.Select(i => ChangeAsync($"k{i}", (byte)'0')));
        }

        using var end = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            var random = new Random(7);
            for (var i = 0; !end.IsCancellationRequested; i++)
            {
                await ChangeAsync($"k{random.Next(Keys + 20)}", random.Next(5) == 0 ? null : (byte)('1' + (i % 9)));
            }
        });
        for (var i = 0; i < 6; i++)
        {
            var part = await StateAsync(nodes[^1]);
            await Eventually.TrueAsync(() => Enumerable.Range(1, (int)part.Top.Offset).All(offset => changes.ContainsKey(offset)), () => "all changes are known");
            var expected = new SortedDictionary<string, string>(StringComparer.Ordinal);
            for (var offset = 1; offset <= part.Top.Offset; offset++)
            {
                var (key, first) = changes[offset];
                expected.Remove(key);
                if (first is { } value)
                {
                    expected[key] = $"{offset} {(char)value} {Size}";
                }
            }

            var found = part.State.SelectMany(static one => one.State!.Entries).ToDictionary(static entry => entry.Key!, static entry => $"{entry.Offset} {(char)entry.Data.Bytes.Span[0]} {entry.Data.Bytes.Length}");
            Assert.Equal(expected, new SortedDictionary<string, string>(found, StringComparer.Ordinal));
        }

        await end.CancelAsync();
        await writing;

        async Task ChangeAsync(string key, byte? first)
        {
            var data = first is { } value ? new MessageData(DataKind.Binary, Enumerable.Repeat(value, Size).ToArray()) : default;
            var position = await nodes[0].Broker.PublishAsync(new Publication(Channel, data) { Key = key, Kind = first is null ? MessageKind.KeyRemoval : MessageKind.Message, Retention = retention });
            changes[position!.Value.Offset] = (key, first);
        }
    }

    [Fact]
    public async Task It_does_not_age_and_its_log_lives_as_long_as_it_has_a_key()
    {
        var node = await NodeAsync();
        var first = await SetAsync(node, "a", "1", history: 1, age: TimeSpan.FromMilliseconds(50));
        await PassAsync(TimeSpan.FromMilliseconds(200));
        node = await NodeAsync();
        await SetAsync(node, "b", "1", history: 1, age: TimeSpan.FromMilliseconds(50));
        await PassAsync(TimeSpan.FromMilliseconds(200));
        node = await NodeAsync();
        var part = await StateAsync(node);
        Assert.Equal(first with { Offset = 2 }, part.Top);
        Assert.Equal(["a=1@1", "b=1@2"], Show(part));
    }

    [Fact]
    public async Task A_key_that_was_taken_out_is_told_to_all_and_stands_in_the_log()
    {
        var nodes = await NodesAsync();
        using var listener = await Listener.OnAsync(nodes[^1], Channel);
        await SetAsync(nodes[0], "a", "1");
        var removed = await RemoveAsync(nodes[0], "a");
        await listener.HasHeardAsync(removed);
        var read = (await nodes[^1].ReadAsync(Channel, last: 1)).Messages[0];
        foreach (var message in new[] { listener.Heard[^1], read })
        {
            Assert.Equal((MessageKind.KeyRemoval, "a", 0, removed), (message.Kind, message.Key, message.Data.Bytes.Length, message.Position));
        }

        Assert.Empty(Show(await StateAsync(nodes[^1])));

        // What is not there is taken out without a fault.
        Assert.Equal(removed with { Offset = 3 }, await RemoveAsync(nodes[0], "a"));
    }

    [Fact]
    public async Task Over_its_bounds_nothing_is_published_and_nothing_goes()
    {
        var node = await NodeAsync();
        foreach (var key in new[] { "a", "b", "c" })
        {
            await SetAsync(node, key, "1");
        }

        await Assert.ThrowsAsync<ChannelStateFullException>(() => SetAsync(node, "d", "1"));
        await Assert.ThrowsAsync<ChannelStateFullException>(() => SetAsync(node, "a", new string('x', 300)));
        var top = await SetAsync(node, "a", "2");
        Assert.Equal(4, top.Offset);
        await RemoveAsync(node, "b");
        await SetAsync(node, "d", "1");
        node = await NodeAsync();
        Assert.Equal(["c=1@3", "a=2@4", "d=1@6"], Show(await StateAsync(node)));
        await Assert.ThrowsAsync<ChannelStateFullException>(() => SetAsync(node, "e", "1"));
    }

    [Fact]
    public async Task What_was_missed_comes_with_it_and_both_end_at_one_position()
    {
        var node = await NodeAsync();
        var first = await SetAsync(node, "a", "1");
        await SetAsync(node, "b", "1");
        var top = await SetAsync(node, "a", "2");
        node = await NodeAsync();
        var part = await node.Broker.ReadAsync(Channel, new HistoryRequest(first, 0) { State = true });
        Assert.Equal((true, top), (part.Recovered, part.Top));
        Assert.Equal([2L, 3], part.Messages.Select(static message => message.Offset));
        Assert.Equal(["b=1@2", "a=2@3"], Show(part));
        part = await node.Broker.ReadAsync(Channel, new HistoryRequest(first with { Epoch = "other" }, 0) { State = true });
        Assert.Equal((false, 0), (part.Recovered, part.Messages.Count));
        Assert.Equal(["b=1@2", "a=2@3"], Show(part));
        Assert.Single((await node.Broker.ReadAsync($"{Channel}.absent", new HistoryRequest(null, 0) { State = true })).State);
        Assert.Empty((await node.ReadAsync(Channel)).State);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public async Task What_is_erased_is_in_no_state(int history)
    {
        var node = await NodeAsync();
        var old = await SetAsync(node, "a", "old", history);
        await SetAsync(node, "b", "1", history);
        var top = await SetAsync(node, "a", "2", history);

        // An older message of a key is none of its state.
        Assert.Equal(history > 0 ? 1 : 0, await node.Broker.EraseAsync(Channel, old));
        Assert.Equal(["b=1@2", "a=2@3"], Show(await StateAsync(node)));
        Assert.Equal(1, await node.Broker.EraseAsync(Channel, top));
        node = await NodeAsync();
        Assert.Equal(["b=1@2"], Show(await StateAsync(node)));
        Assert.Equal(0, await node.Broker.EraseAsync(Channel, top));
        await node.Broker.EraseAsync(Channel, null);
        node = await NodeAsync();
        var part = await StateAsync(node);
        Assert.NotEqual(top.Epoch, part.Top.Epoch);
        Assert.Empty(Show(part));
        var again = await SetAsync(node, "c", "1", history);
        Assert.Equal(part.Top with { Offset = 1 }, again);
        node = await NodeAsync();
        Assert.Equal(["c=1@1"], Show(await StateAsync(node)));
    }

    [Fact]
    public async Task A_repeat_changes_no_state()
    {
        var node = await NodeAsync();
        Publication Once(string text) => new(Channel, MessageData.Text(text)) { Key = "a", IdempotencyKey = "once", Retention = Kept(10) };
        var first = await node.Broker.PublishAsync(Once("1"));
        await SetAsync(node, "a", "2");
        Assert.Equal(first, await node.Broker.PublishAsync(Once("1")));
        await node.Broker.PublishAsync(new Publication(Channel, MessageData.Text("3")) { Key = "a", Ephemeral = true, Retention = Kept(10) });
        node = await NodeAsync();
        Assert.Equal(["a=2@2"], Show(await StateAsync(node)));
    }

    [Fact]
    public async Task Random_changes_end_in_the_state_that_a_dictionary_has()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var truth = new Dictionary<string, string>();
        var node = await NodeAsync();
        for (var i = 1; i <= 120; i++)
        {
            var key = $"k{random.Next(5)}";
            if (random.Next(3) == 0)
            {
                await RemoveAsync(node, key, 5);
                truth.Remove(key);
            }
            else if (truth.Count < Bounds.Keys || truth.ContainsKey(key))
            {
                await SetAsync(node, key, $"{i}", 5);
                truth[key] = $"{i}";
            }

            if (i % 40 == 0)
            {
                node = await NodeAsync();
                var found = Show(await StateAsync(node)).Select(static entry => entry.Split('@')[0]).Order();
                Assert.True(found.SequenceEqual(truth.Select(static one => $"{one.Key}={one.Value}").Order()), $"seed {seed}, round {i}: {string.Join(' ', found)}");
            }
        }
    }

    private static Retention Kept(int history, TimeSpan? age = null) => new(history, age ?? TimeSpan.FromHours(1)) { State = Bounds };

    private static IReadOnlyList<string> Show(HistoryPart part)
    {
        Assert.False(part.State[^1].State!.More);
        return [.. part.State.SelectMany(static one => one.State!.Entries).Select(static entry => $"{entry.Key}={Encoding.UTF8.GetString(entry.Data.Bytes.Span)}@{entry.Offset}")];
    }

    private async Task<StreamPosition> SetAsync(EngineNode node, string key, string text, int history = 100, TimeSpan? age = null) =>
        (await node.Broker.PublishAsync(new Publication(Channel, MessageData.Text(text)) { Key = key, Retention = Kept(history, age) }))!.Value;

    private async Task<StreamPosition> RemoveAsync(EngineNode node, string key, int history = 100) =>
        (await node.Broker.PublishAsync(new Publication(Channel, default) { Kind = MessageKind.KeyRemoval, Key = key, Retention = Kept(history) }))!.Value;

    private async Task<HistoryPart> StateAsync(EngineNode node) => await node.Broker.ReadAsync(Channel, new HistoryRequest(null, 0) { State = true });
}
