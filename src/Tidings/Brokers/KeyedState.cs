using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Quotas;

namespace Tidings.Brokers;

/// <summary>The state of one channel in memory: the newest message of each key. Under its log's lock.</summary>
/// <param name="channel">The channel.</param>
/// <param name="emptied">Called with a share that may have nothing left.</param>
internal sealed class KeyedState(string channel, Action<HistoryShare> emptied)
{
    // What an entry takes beside its data: the message, its place in the dictionary.
    private const int Overhead = 416;

    private readonly Dictionary<string, (Message Message, HistoryShare Share)> _entries = new(StringComparer.Ordinal);

    // As long as somebody still has them to send, others take the same: who comes together gets bytes that were made once.
    private WeakReference<IReadOnlyList<Message>>? _parts;
    private long _bytes;

    public IEnumerable<(Message Message, Sender Sender)> Entries => _entries.Values.Select(static entry => (entry.Message, entry.Share.Owner.Sender));

    public bool IsEmpty => _entries.Count == 0;

    /// <summary>Makes sure that <see cref="Take"/> does not fail.</summary>
    /// <exception cref="ChannelStateFullException">There is no room.</exception>
    public void Admit(Publication publication, HistoryShare share)
    {
        var (key, bounds) = (publication.Key!, publication.Retention.State!);
        if (publication.Kind == MessageKind.KeyRemoval)
        {
            return;
        }

        var isNew = !_entries.TryGetValue(key, out var entry);
        if (isNew && _entries.Count >= bounds.Keys)
        {
            throw new ChannelStateFullException($"The channel's state has {bounds.Keys} keys, as many as it may (StateKeys).");
        }

        var (size, before) = (SizeOf(key, publication.Data), isNew ? 0 : SizeOf(key, entry.Message.Data));
        if (size > before && _bytes - before + size > bounds.Bytes)
        {
            throw new ChannelStateFullException($"The channel's state would have more than {bounds.Bytes} bytes (StateBytes).");
        }

        // Of a key that is the sender's already only what it grows by is asked for.
        var isOwn = !isNew && entry.Share.Owner == share.Owner;
        if (isOwn ? !share.Owner.MayGrow(size - before) : !share.Owner.MayKeepKey(Overhead + size))
        {
            throw new ChannelStateFullException("There is no memory for more state of this sender (Tidings:Limits:HistoryBytes).");
        }
    }

    /// <summary>Puts the message in the place of the one with the same key, or takes the key away. Whether its own share has anything left is for the caller to see.</summary>
    public void Take(Message message, HistoryShare share)
    {
        Remove(message.Key!, share);
        if (message.Kind == MessageKind.KeyRemoval)
        {
            return;
        }

        _entries.Add(message.Key!, (message, share));
        _bytes += SizeOf(message.Key!, message.Data);
        share.AddState(1, CostOf(message));
    }

    /// <summary>Takes out the entry that stands at a position.</summary>
    /// <returns>False where none does.</returns>
    public bool TryErase(StreamPosition position)
    {
        var found = _entries.Values.FirstOrDefault(entry => entry.Message.Position == position).Message;
        return found is not null && Remove(found.Key!);
    }

    public void Clear()
    {
        foreach (var key in _entries.Keys.ToList())
        {
            Remove(key);
        }
    }

    /// <summary>All entries, as a subscriber gets them.</summary>
    public IReadOnlyList<Message> Read()
    {
        if (_parts is null || !_parts.TryGetTarget(out var parts))
        {
            parts = StatePart.Cut(channel, _entries.Values.Select(static entry => entry.Message));
            _parts = new WeakReference<IReadOnlyList<Message>>(parts);
        }

        return parts;
    }

    private static long SizeOf(string key, MessageData data) => key.Length + data.Bytes.Length;

    private static long CostOf(Message message) => Overhead + message.Data.Bytes.Length + message.ExtraBytes;

    private bool Remove(string key, HistoryShare? taking = null)
    {
        _parts = null;
        if (!_entries.Remove(key, out var entry))
        {
            return false;
        }

        _bytes -= SizeOf(key, entry.Message.Data);
        entry.Share.AddState(-1, -CostOf(entry.Message));
        if (entry.Share != taking)
        {
            emptied(entry.Share);
        }

        return true;
    }
}
