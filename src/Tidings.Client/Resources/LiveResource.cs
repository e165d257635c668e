using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using Tidings.Client.Connecting;
using Tidings.Client.Resources;
using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>What happened to the rows of a resource.</summary>
public enum ResourceChangeKind
{
    /// <summary>All rows are there, for the first time or anew: look at <see cref="LiveResource{T}.Rows"/>.</summary>
    Reset,

    /// <summary>A row has come into sight.</summary>
    Create,

    /// <summary>A row has changed.</summary>
    Update,

    /// <summary>A row is gone, or out of sight.</summary>
    Delete,
}

/// <summary>One change of a resource. Immutable.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Id">The row's key as text; empty for <see cref="ResourceChangeKind.Reset"/>.</param>
/// <param name="Row">The row after it; null where there is none.</param>
/// <param name="Previous">The row before it; null where there was none.</param>
public sealed record ResourceChange<T>(ResourceChangeKind Kind, string Id, T? Row, T? Previous);

/// <summary>The rows of a resource as they are on the server, until it or its client is disposed. It comes back after a broken connection and goes on where it was; where
/// that cannot be, all rows come anew. Safe from any thread.</summary>
/// <remarks>It begins to connect when it is made, by a connection of its own.</remarks>
/// <typeparam name="T">What a row is read as.</typeparam>
public sealed class LiveResource<T> : IAsyncDisposable
{
    // A loop that lags further is told to look at the whole.
    private const int MostChanges = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, T> _rows = new(StringComparer.Ordinal);
    private readonly List<(string Id, T Row)> _parts = [];
    private readonly CancellationTokenSource _end;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<ResourceChange<T>> _changes = Channel.CreateBounded<ResourceChange<T>>(new BoundedChannelOptions(MostChanges) { SingleWriter = true });
    private readonly Func<JsonElement, T> _read;
    private readonly Task _running;
    private StreamPosition? _position;
    private string? _snapshot;
    private bool _overflowed;
    private int _disposed;

    /// <param name="name">Its name.</param>
    /// <param name="read">Reads a row.</param>
    /// <param name="run">Feeds it until the token ends, or for good.</param>
    /// <param name="client">Ends with the client, and this with it.</param>
    internal LiveResource(string name, Func<JsonElement, T> read, Func<FeedLoop.IFeed, CancellationToken, Task<SessionEnd>> run, CancellationToken client)
    {
        Name = name;
        _end = CancellationTokenSource.CreateLinkedTokenSource(client);
        _read = row => Read(row, read);
        _ = _ready.Task.ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        _running = Task.Run(() => RunAsync(run), CancellationToken.None);
    }

    /// <summary>The resource's name.</summary>
    public string Name { get; }

    /// <summary>The rows by their keys as text, as of now.</summary>
    public IReadOnlyDictionary<string, T> Rows
    {
        get
        {
            lock (_gate)
            {
                return new Dictionary<string, T>(_rows, StringComparer.Ordinal);
            }
        }
    }

    /// <summary>Waits until the rows are there for the first time.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="TidingsDisconnectedException">The connection is away for good.</exception>
    /// <exception cref="TidingsException">The server refuses the filter, or a row does not fit <typeparamref name="T"/>: it has ended.</exception>
    public Task WaitAsync(CancellationToken cancellationToken = default) => _ready.Task.WaitAsync(cancellationToken);

    /// <summary>Every change from the first rows on, in order; for one loop. A loop that lags by 10,000 changes gets a <see cref="ResourceChangeKind.Reset"/> in their place.</summary>
    /// <param name="cancellationToken">Ends the loop.</param>
    /// <exception cref="TidingsDisconnectedException">The connection is away for good.</exception>
    /// <exception cref="TidingsException">The server refuses the filter, or a row does not fit <typeparamref name="T"/>: it has ended.</exception>
    public async IAsyncEnumerable<ResourceChange<T>> ReadChangesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await _changes.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (_changes.Reader.TryRead(out var change))
            {
                yield return change;
            }

            lock (_gate)
            {
                if (!_overflowed)
                {
                    continue;
                }

                _overflowed = false;
            }

            yield return new ResourceChange<T>(ResourceChangeKind.Reset, "", default, default);
        }
    }

    /// <summary>Ends the connection; a second time it changes nothing. The rows stay as they are; loops get what is queued and end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _end.CancelAsync().ConfigureAwait(false);
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _end.Dispose();
        }
    }

    // What does not fit T fits no better the next time.
    private T Read(JsonElement row, Func<JsonElement, T> read)
    {
        try
        {
            return read(row) ?? throw new JsonException("It is null.");
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException or NotSupportedException or ArgumentException)
        {
            var where = (error as JsonException)?.Path ?? "$";
            throw new TidingsException(ErrorCode.BadRequest, $"A row of {Name} does not fit {typeof(T).Name} at {where}.", [new FieldError(where, "The value does not fit.")]);
        }
    }

    private async Task RunAsync(Func<FeedLoop.IFeed, CancellationToken, Task<SessionEnd>> run)
    {
        TidingsException error;
        try
        {
            var end = await run(new Feed(this), _end.Token).ConfigureAwait(false);
            error = new TidingsDisconnectedException(end.Code, end.Cause);
            _changes.Writer.TryComplete(error);
        }
        catch (Exception) when (_end.IsCancellationRequested)
        {
            error = new TidingsDisconnectedException(new DisconnectCode(1000, "Disposed"));
            _changes.Writer.TryComplete();
        }
        catch (TidingsException refused)
        {
            error = refused;
            _changes.Writer.TryComplete(error);
        }
        catch (Exception failure)
        {
            error = new TidingsDisconnectedException(DisconnectCode.Abnormal, failure);
            _changes.Writer.TryComplete(error);
        }

        _ready.TrySetException(error);
    }

    private void Take(JsonElement frame)
    {
        lock (_gate)
        {
            switch (frame.GetProperty("type").GetString())
            {
                case "initial":
                    var key = frame.GetProperty("key").GetString()!;
                    _parts.AddRange(frame.GetProperty("data").EnumerateArray().Select(row => (row.GetProperty(key).ToString(), _read(row))));
                    if (!frame.TryGetProperty("more", out _))
                    {
                        Reset_NeedsLock(frame);
                    }

                    break;
                case "create":
                    Change_NeedsLock(ResourceChangeKind.Create, frame);
                    break;
                case "update":
                    Change_NeedsLock(ResourceChangeKind.Update, frame);
                    break;
                case "delete":
                    Change_NeedsLock(ResourceChangeKind.Delete, frame);
                    break;
            }
        }
    }

    private void Reset_NeedsLock(JsonElement frame)
    {
        _rows.Clear();
        foreach (var (id, row) in _parts)
        {
            _rows[id] = row;
        }

        _parts.Clear();
        _position = new StreamPosition(frame.GetProperty("epoch").GetString()!, frame.GetProperty("offset").GetInt64());
        _snapshot = frame.TryGetProperty("snapshot", out var snapshot) ? snapshot.GetString() : null;
        _ready.TrySetResult();
        Tell_NeedsLock(new ResourceChange<T>(ResourceChangeKind.Reset, "", default, default));
    }

    private void Change_NeedsLock(ResourceChangeKind kind, JsonElement frame)
    {
        var id = frame.GetProperty("id").ToString();
        _rows.TryGetValue(id, out var previous);
        T? row = default;
        if (kind == ResourceChangeKind.Delete)
        {
            _rows.Remove(id);
        }
        else
        {
            _rows[id] = row = _read(frame.GetProperty("data"));
        }

        _position = _position is { } position ? position with { Offset = frame.GetProperty("offset").GetInt64() } : null;
        Tell_NeedsLock(new ResourceChange<T>(kind, id, row, previous));
    }

    // The rows themselves are right at any rate.
    private void Tell_NeedsLock(ResourceChange<T> change)
    {
        if (!_overflowed && !_changes.Writer.TryWrite(change))
        {
            _overflowed = true;
        }
    }

    private sealed class Feed(LiveResource<T> resource) : FeedLoop.IFeed
    {
        public (StreamPosition? Position, string? Snapshot) Begin()
        {
            lock (resource._gate)
            {
                resource._parts.Clear();
                return (resource._position, resource._snapshot);
            }
        }

        public void Take(JsonElement frame) => resource.Take(frame);
    }
}
