using Tidings.Quotas;
using Tidings.Streams;

namespace Tidings.ForeignEngine.Tests.Cluster;

/// <summary>Streams, their heads as bytes.</summary>
public sealed class ProcessStreams(long mostBytes) : IStreamStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _streams = new(StringComparer.Ordinal);
    private readonly Dictionary<Sender, long> _taken = [];

    public bool IsShared => true;

    public ValueTask<StoredStream?> ReadAsync(string name, long from, int most, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (!_streams.TryGetValue(name, out var entry))
            {
                return default;
            }

            var at = (int)Math.Min(from, entry.Bytes.Length);
            return ValueTask.FromResult<StoredStream?>(new StoredStream(entry.Head, entry.Bytes.AsMemory(at, Math.Min(most, entry.Bytes.Length - at)).ToArray()));
        }
    }

    public ValueTask<StreamWritten> WriteAsync(string name, StreamHead? former, StreamHead head, ReadOnlyMemory<byte> bytes, long now)
    {
        ArgumentNullException.ThrowIfNull(head);
        lock (_gate)
        {
            var entry = _streams.GetValueOrDefault(name);
            if (entry?.Version != former?.Version)
            {
                return ValueTask.FromResult(StreamWritten.Stale);
            }

            var changes = StreamShares.Changes(entry?.Head, head);
            var (more, free) = (changes.Sum(static change => change.More), mostBytes - _taken.Values.Sum());
            if (more > 0 && more > free)
            {
                return ValueTask.FromResult(StreamWritten.Full);
            }

            if (changes.Any(change => change.More > 0 && !change.Sender.IsServer && _taken.GetValueOrDefault(change.Sender) + change.More > free))
            {
                return ValueTask.FromResult(StreamWritten.WriterFull);
            }

            Take(changes);
            _streams[name] = new Entry(head.ToJson(), head.Version, head.IsGone ? [] : [.. entry?.Bytes ?? [], .. bytes.Span]);
            return ValueTask.FromResult(StreamWritten.Yes);
        }
    }

    public ValueTask<bool> RemoveAsync(string name, StreamHead known)
    {
        ArgumentNullException.ThrowIfNull(known);
        lock (_gate)
        {
            if (!_streams.TryGetValue(name, out var entry) || entry.Version != known.Version)
            {
                return ValueTask.FromResult(false);
            }

            Take(StreamShares.Changes(entry.Head, null));
            return ValueTask.FromResult(_streams.Remove(name));
        }
    }

    public ValueTask<IReadOnlyList<string>> ListDueAsync(long now, int most)
    {
        lock (_gate)
        {
            return ValueTask.FromResult<IReadOnlyList<string>>([.. _streams.Where(one => one.Value.Head.HasExpired(now)).Take(most).Select(static one => one.Key)]);
        }
    }

    public ValueTask<(long Streams, long Bytes)> CountAsync()
    {
        lock (_gate)
        {
            return ValueTask.FromResult(((long)_streams.Count, _taken.Values.Sum()));
        }
    }

    private void Take(IReadOnlyList<SenderChange> changes)
    {
        foreach (var (sender, more) in changes)
        {
            _taken[sender] = _taken.GetValueOrDefault(sender) + more;
        }
    }

    private sealed record Entry(byte[] Json, long Version, byte[] Bytes)
    {
        public StreamHead Head => StreamHead.FromJson(Json, Version)!;
    }
}
