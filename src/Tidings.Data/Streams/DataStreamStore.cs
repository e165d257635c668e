using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Tidings.Data.State;
using Tidings.Quotas;
using Tidings.Streams;

namespace Tidings.Data.Streams;

/// <summary>Streams of a single node in a database of their own. Safe from any thread.</summary>
/// <remarks>All heads are in memory, and of what is being written the end; the rest is on disk. What was acknowledged is with the operating system, and within 50 ms on disk.</remarks>
internal sealed class DataStreamStore : IStreamStore, IDisposable
{
    private readonly StateDatabase _database;
    private readonly WalSync _sync;
    private readonly StreamTables _tables = new();
    private readonly SenderShares _shares;
    private readonly ConcurrentDictionary<string, DataStream> _streams = new(StringComparer.Ordinal);
    private long _lastId;

    private DataStreamStore(StateDatabase database, WalSync sync, SenderShares shares) => (_database, _sync, _shares) = (database, sync, shares);

    public bool IsShared => false;

    /// <summary>Opens the file, and makes it where it is missing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mostBytes">What all streams may take together.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="DataDirectoryException">It cannot be read, or a newer version wrote it.</exception>
    public static DataStreamStore Open(string path, long mostBytes, TimeProvider time)
    {
        var database = StateDatabase.Open(path, DatabaseSchema.Streams);
        try
        {
            var store = new DataStreamStore(database, new WalSync(path + "-wal", time), new SenderShares(mostBytes));
            using var connection = StateDatabase.OpenToRead(path);
            store.Load(connection);
            return store;
        }
        catch (SqliteException error)
        {
            database.Dispose();
            throw new DataDirectoryException($"{path} cannot be used: {error.Message}.", error);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    public ValueTask<StoredStream?> ReadAsync(string name, long from, int most, CancellationToken cancellationToken = default)
    {
        if (!_streams.TryGetValue(name, out var stream) || stream.Now is not { } now)
        {
            return default;
        }

        var count = from < now.Head.Length ? (int)Math.Min(most, now.Head.Length - from) : 0;
        return count == 0 ? new(new StoredStream(now.Head, default))
            : now.TryRead(from, count) is { } bytes ? new(new StoredStream(now.Head, bytes))
            : ReadRowsAsync(name, stream, now, from, count);
    }

    public async ValueTask<StreamWritten> WriteAsync(string name, StreamHead? former, StreamHead head, ReadOnlyMemory<byte> bytes, long now)
    {
        if (!_streams.TryGetValue(name, out var stream))
        {
            if (former is not null)
            {
                return StreamWritten.Stale;
            }

            stream = _streams.GetOrAdd(name, static (_, store) => new DataStream(Interlocked.Increment(ref store._lastId)), this);
        }

        await stream.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            var known = stream.Now;
            if (stream.IsRemoved || known?.Head.Version != former?.Version)
            {
                return StreamWritten.Stale;
            }

            _sync.ThrowIfFailed();
            if (_shares.TryChange(StreamShares.Changes(known?.Head, head)) is var taken and not ShareTaken.Yes)
            {
                Forget(name, stream, known);
                return taken == ShareTaken.SenderFull ? StreamWritten.WriterFull : StreamWritten.Full;
            }

            try
            {
                stream.Now = await _database.RunAsync(connection => _tables.Write(connection, stream.Id, name, known, head, bytes)).ConfigureAwait(false);
                _sync.Note();
                return StreamWritten.Yes;
            }
            catch
            {
                _shares.Change(StreamShares.Changes(head, known?.Head));
                Forget(name, stream, known);
                throw;
            }
        }
        finally
        {
            stream.Gate.Release();
        }
    }

    public async ValueTask<bool> RemoveAsync(string name, StreamHead known)
    {
        if (!_streams.TryGetValue(name, out var stream))
        {
            return false;
        }

        await stream.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (stream.IsRemoved || stream.Now is not { } now || now.Head.Version != known.Version)
            {
                return false;
            }

            await _database.RunAsync(connection => StreamTables.Remove(connection, stream.Id)).ConfigureAwait(false);
            _sync.Note();
            _shares.Change(StreamShares.Changes(now.Head, null));
            Forget(name, stream, null);
            stream.Now = null;
            return true;
        }
        finally
        {
            stream.Gate.Release();
        }
    }

    public ValueTask<IReadOnlyList<string>> ListDueAsync(long now, int most) =>
        ValueTask.FromResult<IReadOnlyList<string>>([.. _streams.Where(pair => pair.Value.Now?.Head.HasExpired(now) == true).Take(most).Select(static pair => pair.Key)]);

    public ValueTask<(long Streams, long Bytes)> CountAsync() => ValueTask.FromResult(((long)_streams.Count, _shares.Taken));

    public void Dispose()
    {
        _database.Dispose();
        _tables.Dispose();
        _sync.Dispose();
    }

    // One that was never kept stands in nobody's way.
    private void Forget(string name, DataStream stream, DataStreamState? known)
    {
        if (known is null)
        {
            stream.IsRemoved = true;
            _streams.TryRemove(new KeyValuePair<string, DataStream>(name, stream));
        }
    }

    private async ValueTask<StoredStream?> ReadRowsAsync(string name, DataStream stream, DataStreamState now, long from, int count)
    {
        var bytes = await _database.RunAsync(connection => _tables.Read(connection, stream.Id, from, count)).ConfigureAwait(false);

        // It has become another one meanwhile, or none.
        return bytes.Length == count ? new StoredStream(now.Head, bytes) : await ReadAsync(name, from, 0).ConfigureAwait(false);
    }

    private void Load(SqliteConnection connection)
    {
        foreach (var (id, name, head) in StreamTables.List(connection))
        {
            var stream = new DataStream(id) { Now = new DataStreamState(head, default, head.Length) };

            // What is there stays, though less may be there now.
            _shares.Change(StreamShares.Changes(null, head));
            _streams[name] = stream;
            _lastId = Math.Max(_lastId, id);
        }
    }
}
