using Tidings.Brokers;
using Tidings.Streams;

namespace Tidings.Tasks.Tests.Units;

/// <summary>A store that is away, or loses its answers, when a test says so.</summary>
internal sealed class FaultyStreams(IStreamStore next) : IStreamStore
{
    private int _appends;

    public bool IsAway { get; set; }

    public int LosesAnswers { get; set; }

    /// <summary>What happens before a stream is made.</summary>
    public Func<Task> OnMaking { get; set; } = static () => Task.CompletedTask;

    public int Appends => Volatile.Read(ref _appends);

    public bool IsShared => false;

    public ValueTask<StoredStream?> ReadAsync(string name, long from, int most, CancellationToken cancellationToken = default) => IsAway ? throw new BrokerUnavailableException() : next.ReadAsync(name, from, most, cancellationToken);

    public async ValueTask<StreamWritten> WriteAsync(string name, StreamHead? former, StreamHead head, ReadOnlyMemory<byte> bytes, long now)
    {
        if (IsAway)
        {
            throw new BrokerUnavailableException();
        }

        await (former is null ? OnMaking() : Task.CompletedTask);
        Interlocked.Add(ref _appends, bytes.IsEmpty ? 0 : 1);
        var written = await next.WriteAsync(name, former, head, bytes, now);
        return LosesAnswers-- > 0 ? throw new BrokerUnavailableException() : written;
    }

    public ValueTask<bool> RemoveAsync(string name, StreamHead known) => next.RemoveAsync(name, known);

    public ValueTask<IReadOnlyList<string>> ListDueAsync(long now, int most) => next.ListDueAsync(now, most);

    public ValueTask<(long Streams, long Bytes)> CountAsync() => next.CountAsync();
}
