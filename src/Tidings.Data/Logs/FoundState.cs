using System.Buffers;
using System.Text;
using Tidings.Brokers;
using Tidings.Data.Segments;
using Tidings.Protocol;

namespace Tidings.Data.Logs;

/// <summary>What one segment says of the state of one channel: of each key the newest.</summary>
internal sealed class FoundState
{
    private readonly Dictionary<string, FoundEntry> _entries = new(StringComparer.Ordinal);

    /// <summary>The oldest offset that has to do with the state.</summary>
    public long First { get; private set; } = long.MaxValue;

    private int Removals { get; set; }

    public void Take(in Record record, int position)
    {
        First = Math.Min(First, record.Offset);
        Removals += record.Change == StateChange.Removed ? 1 : 0;
        var key = Encoding.UTF8.GetString(record.StateKey);
        if (!_entries.TryGetValue(key, out var entry) || entry.Offset <= record.Offset)
        {
            _entries[key] = new FoundEntry(record.Change, record.Offset, position);
        }
    }

    /// <summary>Gives a log the state that its segments have together.</summary>
    /// <param name="log">The log, which is begun.</param>
    /// <param name="parts">What its segments say, in order.</param>
    /// <param name="erased">Messages that were erased: what is the newest of its key takes the key with it.</param>
    public static void Restore(DataLog log, IEnumerable<ChannelContents> parts, IReadOnlySet<long> erased)
    {
        var newest = new Dictionary<string, (FoundEntry Entry, Segment Segment)>(StringComparer.Ordinal);
        foreach (var part in parts)
        {
            if (part.State is not { } found)
            {
                continue;
            }

            (log.State ??= new StateIndex()).Load(part.Segment, found.Removals);
            foreach (var (key, entry) in found._entries)
            {
                // Of one that was being moved, the later.
                if (!newest.TryGetValue(key, out var other) || other.Entry.Offset <= entry.Offset)
                {
                    newest[key] = (entry, part.Segment);
                }
            }
        }

        Restore(log, newest.Where(one => one.Value.Entry.Change == StateChange.Set && !erased.Contains(one.Value.Entry.Offset)).ToList());
    }

    private static void Restore(DataLog log, List<KeyValuePair<string, (FoundEntry Entry, Segment Segment)>> entries)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        foreach (var (key, (entry, segment)) in entries)
        {
            var length = LogReader.ReadRecord(segment, entry.Position, ref buffer);
            if (length > 0 && Record.TryRead(buffer.AsSpan(0, length), out var record)
                && LogEntry.Decode(log.Channel, new StreamPosition(log.Recent.Epoch, entry.Offset), record.Time, record.Payload.ToArray()) is { Key: not null } message)
            {
                log.Recent.RestoreState(message, record.Sender);
                log.State!.Add(key, StateChange.Set, entry.Offset, segment);
            }
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    private readonly record struct FoundEntry(StateChange Change, long Offset, int Position);
}
