using Tidings.Brokers;
using Tidings.PostgreSql.Databases;
using Tidings.Protocol;

namespace Tidings.PostgreSql.Logs;

/// <summary>What is published in one step, and what came of it.</summary>
/// <param name="retentionOf">How much is kept of a channel in which transactions publish.</param>
/// <param name="toldOf">Which back ends are told of what transactions publish there, separated by commas.</param>
internal sealed class PublishBatch(Func<string, Retention> retentionOf, Func<string, string> toldOf)
{
    /// <summary>The most that is taken out of the inbox at once.</summary>
    public const int MostOfInbox = 1000;

    /// <summary>The bytes of it: once there are as many, no further message is taken with them.</summary>
    public const long MostBytesOfInbox = 8 << 20;

    private const string Text = "SELECT births, places, taken, refused, more FROM tidings.publish_1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)";

    private readonly Dictionary<string, int> _indexes = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];
    private readonly List<Retention> _retentions = [];
    private readonly List<PublishItem> _items = [];
    private readonly List<int> _channels = [];

    public IReadOnlyList<PublishItem> Items => _items;

    public IReadOnlyList<string> Names => _names;

    public void Add(PublishItem item)
    {
        _items.Add(item);
        _channels.Add(IndexOf(item.Channel, item.Publication?.Retention) + 1);
    }

    /// <summary>What transactions have published there is to get its places.</summary>
    public void AddInbox(string channel) => IndexOf(channel, retentionOf(channel));

    public Statement ToStatement(string generation, InboxMark inbox, bool tries) => new(
        Text,
        generation,
        _names.ToArray(),
        _retentions.Select(static one => one.Size).ToArray(),
        _retentions.Select(static one => (long)one.Age.TotalMilliseconds).ToArray(),
        _retentions.Select(static one => one.State?.Keys).ToArray(),
        _retentions.Select(static one => one.State?.Bytes).ToArray(),
        _channels.ToArray(),
        _items.Select(static item => (short)item.Kind).ToArray(),
        _items.Select(static item => item.Payload).ToArray(),
        _items.Select(static item => item.Key).ToArray(),
        _items.Select(static item => item.Once).ToArray(),
        _items.Select(static item => (long)(item.Publication?.IdempotencyWindow ?? default).TotalMilliseconds).ToArray(),
        _items.Select(static item => item.Publication?.Durable == true).ToArray(),
        _items.Select(static item => item.Event).ToArray(),
        _items.Select(static item => item.Told).ToArray(),
        _names.Select(toldOf).ToArray(),
        tries,
        inbox.From,
        inbox.Running,
        inbox.Since,
        MostOfInbox,
        MostBytesOfInbox);

    /// <summary>Tells those who wait what came of it.</summary>
    /// <returns>The position of the last one that was kept, with its log's birth; null where none was.</returns>
    public (string Channel, long Birth, StreamPosition Position)? Complete(string generation, long[] births, long[] places)
    {
        (string, long, StreamPosition)? last = null;
        var epochs = new string?[_names.Count];
        for (var i = 0; i < _items.Count; i++)
        {
            var (item, index) = (_items[i], _channels[i] - 1);
            if (item.Kind == PublishKind.Passing)
            {
                item.Complete(null);
            }
            else if (places[i] < 0)
            {
                item.Fail(Refusal(places[i], item.Publication!));
            }
            else
            {
                var position = new StreamPosition(epochs[index] ??= LogEpoch.Of(generation, births[index], item.Channel), places[i]);
                last = (item.Channel, births[index], position);
                item.Complete(position);
            }
        }

        return last;
    }

    private static Exception Refusal(long code, Publication publication) => code switch
    {
        -1 => new ChannelStateFullException($"The channel's state has {publication.Retention.State!.Keys} keys, as many as it may (StateKeys)."),
        -2 => new ChannelStateFullException($"The channel's state would have more than {publication.Retention.State!.Bytes} bytes (StateBytes)."),
        _ => new NotDurableException("PostgreSQL does not write to disk before it answers; durable publishing needs fsync, full_page_writes and synchronous_commit to be on."),
    };

    private int IndexOf(string channel, Retention? retention)
    {
        if (!_indexes.TryGetValue(channel, out var index))
        {
            _indexes.Add(channel, index = _names.Count);
            _names.Add(channel);
            _retentions.Add(retention ?? Retention.Default);
        }
        else if (retention is not null)
        {
            _retentions[index] = retention;
        }

        return index;
    }
}
