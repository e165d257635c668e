using System.Text;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Redis.Tests.World;

namespace Tidings.Data.Tests.World;

/// <summary>Sets and takes out keys of one channel's state, and knows what the state was at each offset.</summary>
internal sealed class StateBook(string channel, int history = 0)
{
    // By offset: what the state is once that message is there.
    private readonly SortedDictionary<long, Dictionary<string, (long Offset, string Text)>> _states = new() { [0] = [] };

    public string Channel => channel;

    public StreamPosition Top { get; private set; }

    /// <summary>What the state is now.</summary>
    public Dictionary<string, (long Offset, string Text)> Now => _states[Top.Offset];

    public async Task SetAsync(BrokerNode node, string key, string text, bool durable = false)
    {
        var position = await node.Broker.PublishAsync(Publication(MessageData.Text(text), key) with { Durable = durable });
        Note(position!.Value)[key] = (Top.Offset, text);
    }

    public async Task RemoveAsync(BrokerNode node, string key) =>
        Note((await node.Broker.PublishAsync(Publication(default, key) with { Kind = MessageKind.KeyRemoval }))!.Value).Remove(key);

    public async Task EraseAsync(BrokerNode node, string key)
    {
        Assert.Equal(1, await node.Broker.EraseAsync(channel, Top with { Offset = Now[key].Offset }));
        Now.Remove(key);
    }

    /// <summary>Takes a step at random.</summary>
    public async Task StepAsync(BrokerNode node, Random random, int keys)
    {
        var key = $"k{random.Next(keys)}";
        if (random.Next(3) == 0)
        {
            await RemoveAsync(node, key);
        }
        else
        {
            await SetAsync(node, key, new string((char)random.Next('a', 'z'), random.Next(100)) + (Top.Offset + 1));
        }
    }

    /// <summary>What the node has is what it was at that offset; in another epoch no key has what was never written.</summary>
    public async Task JudgeAsync(BrokerNode node, string what, bool isSameEpoch = true)
    {
        var part = await node.Broker.ReadAsync(channel, new HistoryRequest(null, 0) { State = true });
        var found = part.State.SelectMany(static one => one.State!.Entries).Select(static entry => (entry.Key!, entry.Offset, Encoding.UTF8.GetString(entry.Data.Bytes.Span))).Order().ToList();
        if (Top != default && part.Top.Epoch == Top.Epoch)
        {
            var expected = _states[part.Top.Offset].Select(static one => (one.Key, one.Value.Offset, one.Value.Text)).Order().ToList();
            Assert.True(expected.SequenceEqual(found), $"{what}, {channel}: {string.Join(' ', found)} instead of {string.Join(' ', expected)} at {part.Top.Offset}");
        }
        else if (Top != default)
        {
            Assert.False(isSameEpoch, $"{what}, {channel}: the epoch is another one");
            Assert.All(found, entry => Assert.Equal((entry.Offset, entry.Item3), _states[entry.Offset][entry.Item1]));
        }

        if (isSameEpoch)
        {
            Assert.Equal(Top.Offset, part.Top.Offset);
        }
    }

    private Publication Publication(MessageData data, string key) =>
        new(channel, data) { Key = key, Retention = new Retention(history, TimeSpan.FromHours(1)) { State = new StateBounds(100_000, 16 << 20) } };

    private Dictionary<string, (long Offset, string Text)> Note(StreamPosition position)
    {
        Assert.Equal(Top.Offset + 1, position.Offset);
        var next = new Dictionary<string, (long Offset, string Text)>(Now);
        Top = position;
        return _states[position.Offset] = next;
    }
}
