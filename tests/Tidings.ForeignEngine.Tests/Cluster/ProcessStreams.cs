using Tidings.Quotas;
using Tidings.Streams;

namespace Tidings.ForeignEngine.Tests.Cluster;

/// <summary>Streams, their heads as bytes.</summary>
public sealed class ProcessStreams(long mostBytes) : IStreamStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _streams = new(StringComparer.Ordinal);

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

    public ValueTask<StreamWritten> WriteAsync(string name, long former, StreamHead head, ReadOnlyMemory<byte> bytes, long now)
    {
        ArgumentNullException.ThrowIfNull(head);
        lock (_gate)
        {
            var entry = _streams.GetValueOrDefault(name);
            if ((entry?.Version ?? 0) != former)
            {
                return ValueTask.FromResult(StreamWritten.Stale);
            }

            var more = head.Cost - (entry?.Cost ?? 0);
            var free = mostBytes - _streams.Values.Sum(static one => one.Cost);
            if (more > 0 && more > free)
            {
                return ValueTask.FromResult(StreamWritten.Full);
            }

            if (more > 0 && !head.Owner.IsServer && _streams.Values.Where(one => one.Owner == head.Owner).Sum(static one => one.Cost) + more > free)
            {
                return ValueTask.FromResult(StreamWritten.OwnerFull);
            }

            _streams[name] = new Entry(head.ToJson(), head.Version, head.Cost, head.Owner, head.IsGone ? [] : [.. entry?.Bytes ?? [], .. bytes.Span]);
            return ValueTask.FromResult(StreamWritten.Yes);
        }
    }

    public ValueTask<bool> RemoveAsync(string name, long version)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(_streams.TryGetValue(name, out var entry) && entry.Version == version && _streams.Remove(name));
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
            return ValueTask.FromResult(((long)_streams.Count, _streams.Values.Sum(static entry => entry.Cost)));
        }
    }

    private sealed record Entry(byte[] Json, long Version, long Cost, Sender Owner, byte[] Bytes)
    {
        public StreamHead Head => StreamHead.FromJson(Json, Version)!;
    }
}
