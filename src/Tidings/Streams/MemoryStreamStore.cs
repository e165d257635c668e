using System.Collections.Concurrent;
using Tidings.Quotas;

namespace Tidings.Streams;

/// <summary>The streams of a single node: they live and end with the process. Safe from any thread.</summary>
/// <param name="shares">What all streams may take together, in bytes.</param>
internal sealed class MemoryStreamStore(SenderShares shares) : IStreamStore
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, Entry> _streams = new(StringComparer.Ordinal);

    /// <summary>Whether several nodes of this process have it.</summary>
    public bool IsShared { get; init; }

    public ValueTask<StoredStream?> ReadAsync(string name, long from, int most, CancellationToken cancellationToken = default)
    {
        if (!_streams.TryGetValue(name, out var entry))
        {
            return default;
        }

        lock (entry)
        {
            return new(new StoredStream(entry.Head, from < entry.Head.Length ? entry.Bytes.Read(from, (int)Math.Min(most, entry.Head.Length - from)) : default));
        }
    }

    public ValueTask<StreamWritten> WriteAsync(string name, StreamHead? former, StreamHead head, ReadOnlyMemory<byte> bytes, long now)
    {
        if (former is null)
        {
            return ValueTask.FromResult(Add(name, head, bytes));
        }

        if (!_streams.TryGetValue(name, out var entry))
        {
            return ValueTask.FromResult(StreamWritten.Stale);
        }

        lock (entry)
        {
            if (entry.IsRemoved || entry.Head.Version != former.Version)
            {
                return ValueTask.FromResult(StreamWritten.Stale);
            }

            if (shares.TryChange(StreamShares.Changes(entry.Head, head)) is var taken and not ShareTaken.Yes)
            {
                return ValueTask.FromResult(taken == ShareTaken.SenderFull ? StreamWritten.WriterFull : StreamWritten.Full);
            }

            if (head.Length == 0 && entry.Head.Length > 0)
            {
                entry.Bytes = new BlockBytes();
            }

            entry.Bytes.Append(bytes.Span);
            entry.Head = head;
            return ValueTask.FromResult(StreamWritten.Yes);
        }
    }

    public ValueTask<bool> RemoveAsync(string name, StreamHead known)
    {
        if (!_streams.TryGetValue(name, out var entry))
        {
            return ValueTask.FromResult(false);
        }

        lock (entry)
        {
            if (entry.IsRemoved || entry.Head.Version != known.Version)
            {
                return ValueTask.FromResult(false);
            }

            entry.IsRemoved = true;
            _streams.TryRemove(name, out _);
            shares.Change(StreamShares.Changes(entry.Head, null));
            return ValueTask.FromResult(true);
        }
    }

    public ValueTask<IReadOnlyList<string>> ListDueAsync(long now, int most) =>
        ValueTask.FromResult<IReadOnlyList<string>>([.. _streams.Where(pair => pair.Value.Head.HasExpired(now)).Take(most).Select(static pair => pair.Key)]);

    public ValueTask<(long Streams, long Bytes)> CountAsync() => ValueTask.FromResult(((long)_streams.Count, shares.Taken));

    private StreamWritten Add(string name, StreamHead head, ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            if (_streams.ContainsKey(name))
            {
                return StreamWritten.Stale;
            }

            if (shares.TryChange(StreamShares.Changes(null, head)) is var taken and not ShareTaken.Yes)
            {
                return taken == ShareTaken.SenderFull ? StreamWritten.WriterFull : StreamWritten.Full;
            }

            var entry = new Entry(head);
            entry.Bytes.Append(bytes.Span);
            _streams[name] = entry;
            return StreamWritten.Yes;
        }
    }

    private sealed class Entry(StreamHead head)
    {
        public StreamHead Head { get; set; } = head;

        public BlockBytes Bytes { get; set; } = new();

        public bool IsRemoved { get; set; }
    }
}
