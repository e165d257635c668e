using Microsoft.Extensions.Logging;
using Tidings.Brokers;

namespace Tidings.Streams;

/// <summary>A part of a stream as of one moment.</summary>
/// <param name="Head">What is known of the stream.</param>
/// <param name="From">The place of the first byte.</param>
/// <param name="Bytes">Bytes; of JSON whole messages.</param>
internal readonly record struct StreamPart(StreamHead Head, long From, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Where to go on.</summary>
    public long Next => From + Bytes.Length;

    /// <summary>Whether nothing is behind it at this moment.</summary>
    public bool IsUpToDate => Next >= Head.Length;

    /// <summary>Whether nothing will ever be behind it.</summary>
    public bool IsEnd => Head.IsClosed && IsUpToDate;
}

/// <summary>Streams of bytes by the rules, one change after the other whichever node makes it. Safe from any thread.</summary>
internal sealed partial class StreamEngine : IDisposable
{
    /// <summary>In the place of a position: the end as it is when the stream is read.</summary>
    public const long Now = long.MaxValue;

    // So many others would have to be faster, one after the other.
    private const int MostAttempts = 1000;
    private const int Gates = 256;
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(5);

    // A read of a stream that lives while it is read is noted no more often than this.
    private static readonly long LongestUntouched = 1000;

    private readonly IStreamStore _store;
    private readonly StreamOptions _options;
    private readonly IBrokerClock _clock;
    private readonly ILogger _log;
    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, Gates).Select(static _ => new SemaphoreSlim(1))];
    private readonly SemaphoreSlim _forking = new(1);
    private readonly ITimer _sweeping;
    private int _swept;

    public StreamEngine(IStreamStore store, StreamOptions options, StreamSignals signals, IBrokerClock clock, TimeProvider time, ILogger log)
    {
        (_store, _options, Signals, _clock, _log) = (store, options, signals, clock, log);
        _sweeping = time.CreateTimer(static engine => ((StreamEngine)engine!).Sweep(), this, SweepInterval, SweepInterval);
    }

    public StreamSignals Signals { get; }

    public StreamOptions Options => _options;

    /// <summary>What is known of a stream; null where there is none.</summary>
    public async ValueTask<StreamHead?> FindAsync(string name, CancellationToken cancellationToken = default) =>
        await _store.ReadAsync(name, 0, 0, cancellationToken).ConfigureAwait(false) is { } content && !content.Head.HasExpired(_clock.Now) ? content.Head : null;

    /// <summary>Reads a part.</summary>
    /// <param name="name">The stream.</param>
    /// <param name="from">Where to begin; one that is behind the end gives no bytes.</param>
    /// <param name="most">About how many bytes at most: a message of JSON is never cut.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Null where there is no such stream.</returns>
    public async ValueTask<StreamPart?> ReadAsync(string name, long from, int most, CancellationToken cancellationToken = default)
    {
        if (await _store.ReadAsync(name, from, from == Now ? 0 : most, cancellationToken).ConfigureAwait(false) is not { } content || content.Head.HasExpired(_clock.Now))
        {
            return null;
        }

        var head = content.Head;
        from = Math.Min(from, from == Now ? head.Length : from);
        var bytes = content.Bytes;
        if (head.IsJson && !bytes.IsEmpty && from + bytes.Length < head.Length)
        {
            bytes = bytes[..StreamJson.WholeLength(bytes.Span)];
            if (bytes.IsEmpty)
            {
                return await ReadAsync(name, from, (int)Math.Min(int.MaxValue / 2, 4L * most), cancellationToken).ConfigureAwait(false);
            }
        }

        await TouchAsync(name, head).ConfigureAwait(false);
        return new StreamPart(head, from, bytes);
    }

    /// <summary>Whether a message of JSON begins at a place of a stream; of other types every place is one.</summary>
    public async ValueTask<bool> IsBoundaryAsync(string name, StreamHead head, long place, CancellationToken cancellationToken = default) =>
        !head.IsJson || place == 0 || place >= head.Length
        || (await _store.ReadAsync(name, place - 1, 1, cancellationToken).ConfigureAwait(false) is { Bytes: { Length: 1 } before } && before.Span[0] == (byte)'\n');

    /// <summary>Appends, or says why not.</summary>
    /// <param name="name">The stream.</param>
    /// <param name="append">What, and on which conditions.</param>
    /// <param name="most">The most bytes that the stream may have; null for what the options say.</param>
    public async ValueTask<StreamAppended> AppendAsync(string name, StreamAppend append, long? most = null)
    {
        var gate = GateOf(name);
        await gate.WaitAsync().ConfigureAwait(false);
        try
        {
            for (var attempt = 0; attempt < MostAttempts; attempt++)
            {
                if (await FindAsync(name).ConfigureAwait(false) is not { } head)
                {
                    return new StreamAppended(StreamVerdict.NotFound, null);
                }

                var (step, left) = await CompareAsync(name, head, append).ConfigureAwait(false);
                var judged = step ?? StreamRules.Judge(head, left, most ?? _options.StreamBytes, _clock.Now);
                if (judged.Verdict != StreamVerdict.Appended)
                {
                    return judged;
                }

                switch (await _store.WriteAsync(name, head, judged.Head!, left.Bytes, _clock.Now).ConfigureAwait(false))
                {
                    case StreamWritten.Yes:
                        Signals.Tell(name);
                        return judged;
                    case StreamWritten.Full:
                        return new StreamAppended(StreamVerdict.Full, head);
                    case StreamWritten.WriterFull:
                        return new StreamAppended(StreamVerdict.WriterFull, head);
                }
            }
        }
        finally
        {
            gate.Release();
        }

        throw new BrokerUnavailableException("Too many append to the same stream at once.");
    }

    /// <summary>Deletes a stream. One that has forks keeps its name until the last of them is deleted.</summary>
    /// <returns>False where there is none; null where it was deleted before, and has forks.</returns>
    public ValueTask<bool?> DeleteAsync(string name) => DeleteAsync(name, static _ => true);

    /// <summary>Deletes a stream of which the name is needed again: its forks, which have bytes of their own, are of a stream that nobody knows any more.</summary>
    public async ValueTask ForgetAsync(string name)
    {
        while (await _store.ReadAsync(name, 0, 0).ConfigureAwait(false) is { Head: var head })
        {
            if (await _store.RemoveAsync(name, head).ConfigureAwait(false))
            {
                Signals.Tell(name);
                return;
            }
        }
    }

    public void Dispose()
    {
        _sweeping.Dispose();
        _forking.Dispose();
        foreach (var gate in _gates)
        {
            gate.Dispose();
        }
    }

    private async ValueTask<bool?> DeleteAsync(string name, Func<StreamHead, bool> isWanted)
    {
        StreamFork? fork;
        bool expired;
        var gate = GateOf(name);
        await gate.WaitAsync().ConfigureAwait(false);
        try
        {
            while (true)
            {
                if (await _store.ReadAsync(name, 0, 0).ConfigureAwait(false) is not { Head: var head } || !isWanted(head))
                {
                    return false;
                }

                if (head.IsGone && head.Forks > 0)
                {
                    return null;
                }

                expired = head.HasExpired(_clock.Now);
                fork = head.Forks == 0 ? head.Fork : null;
                if (head.Forks == 0 ? await _store.RemoveAsync(name, head).ConfigureAwait(false) : await WriteGoneAsync(name, head).ConfigureAwait(false))
                {
                    Signals.Tell(name);
                    break;
                }
            }
        }
        finally
        {
            gate.Release();
        }

        if (fork is not null)
        {
            await CountForkAsync(fork.Source, -1).ConfigureAwait(false);
        }

        return !expired;
    }

    // Its bytes go: a fork has its own.
    private async ValueTask<bool> WriteGoneAsync(string name, StreamHead head) => await _store.WriteAsync(
        name, head, head with { Version = head.Version + 1, IsGone = true, Length = 0, Producers = [], Writers = [], Ttl = null, Expires = null, ExpiresAt = null }, default, _clock.Now).ConfigureAwait(false) == StreamWritten.Yes;

    /// <summary>Takes out of an append what the stream has already, where it says at which place it stands.</summary>
    private async ValueTask<(StreamAppended? Step, StreamAppend Left)> CompareAsync(string name, StreamHead head, StreamAppend append)
    {
        if (append.Offset is not { } offset || offset >= head.Length || head.IsGone)
        {
            return (append is { Offset: not null, Bytes.IsEmpty: true, Closes: false } && append.Offset == head.Length ? new StreamAppended(StreamVerdict.Repeated, head) : null, append);
        }

        var common = (int)Math.Min(append.Bytes.Length, head.Length - offset);
        if (await _store.ReadAsync(name, offset, common).ConfigureAwait(false) is not { } there || !there.Bytes.Span.SequenceEqual(append.Bytes.Span[..common]))
        {
            return (new StreamAppended(head.IsClosed ? StreamVerdict.Closed : StreamVerdict.OtherPlace, head), append);
        }

        return common == append.Bytes.Length && !(append.Closes && !head.IsClosed)
            ? (new StreamAppended(StreamVerdict.Repeated, head), append)
            : (null, append with { Offset = head.Length, Bytes = append.Bytes[common..] });
    }

    private async ValueTask TouchAsync(string name, StreamHead head)
    {
        if (head.Ttl is not { } ttl || _clock.Now - head.Touched < Math.Min(LongestUntouched, ttl * 50))
        {
            return;
        }

        // Where somebody else writes meanwhile, that counts as much.
        await _store.WriteAsync(name, head, head with { Version = head.Version + 1, Touched = _clock.Now }, default, _clock.Now).ConfigureAwait(false);
    }

    private SemaphoreSlim GateOf(string name) => _gates[(uint)name.GetHashCode(StringComparison.Ordinal) % Gates];

    private void Sweep()
    {
        if (Interlocked.Exchange(ref _swept, 1) == 0)
        {
            _ = Task.Run(SweepAsync);
        }
    }

    private async Task SweepAsync()
    {
        const int MostAtOnce = 200;
        try
        {
            IReadOnlyList<string> due;
            do
            {
                due = await _store.ListDueAsync(_clock.Now, MostAtOnce).ConfigureAwait(false);
                foreach (var name in due)
                {
                    await DeleteAsync(name, head => head.HasExpired(_clock.Now)).ConfigureAwait(false);
                }
            }
            while (due.Count == MostAtOnce);
        }
#pragma warning disable CA1031 // The next round tries again.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogNotSwept(_log, error);
        }
        finally
        {
            Volatile.Write(ref _swept, 0);
        }
    }

    [LoggerMessage(720, LogLevel.Debug, "Streams whose time is over could not be removed; it is tried again")]
    private static partial void LogNotSwept(ILogger log, Exception error);
}
