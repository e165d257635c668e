using System.Threading.Channels;
using Tidings.Brokers;
using Tidings.EntityFrameworkCore.Contexts;

namespace Tidings.EntityFrameworkCore.Outbox;

/// <summary>The outbox of contexts without tables and transactions, as EF Core's in-memory provider: a gate, and a queue behind it.</summary>
/// <remarks>One save at a time, from before its first change to its events' place in the queue; so is whoever reads a whole table. What
/// waits here ends with the process, as the tables do.</remarks>
internal sealed class MemoryOutbox : IDisposable
{
    // Who would wait longer has saved inside a save of the same store, which nothing else would end.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private const int MostWaiting = 10_000;

    private readonly LiveContext _live;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Channel<Item> _queue = Channel.CreateUnbounded<Item>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _end = new();
    private long _rows;
    private int _waiting;

    public MemoryOutbox(LiveContext live)
    {
        _live = live;
        _ = PublishAsync();
    }

    /// <summary>Takes the gate.</summary>
    /// <exception cref="BrokerUnavailableException">Too many events wait for the broker.</exception>
    public async ValueTask EnterAsync(bool async, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _waiting) > MostWaiting)
        {
            await MakeRoomAsync(async, cancellationToken);
        }

#pragma warning disable VSTHRD103 // Who saves without waiting blocks here, as he does in every call of his provider.
        if (!(async ? await _gate.WaitAsync(LongestWait, cancellationToken) : _gate.Wait(LongestWait, cancellationToken)))
#pragma warning restore VSTHRD103
        {
            throw new TimeoutException("Another SaveChanges on the same in-memory database has not ended for 30 seconds. Was it called inside this one?");
        }
    }

    // A large save fills the queue by itself, and is published in a moment.
    private async ValueTask MakeRoomAsync(bool async, CancellationToken cancellationToken)
    {
        try
        {
            if (async)
            {
                await DrainAsync(cancellationToken).WaitAsync(LongestWait, _live.Time, cancellationToken);
                return;
            }
        }
        catch (TimeoutException)
        {
            // The broker is away.
        }

        throw new BrokerUnavailableException("Too many events wait for the broker: nothing can be saved before it is back.");
    }

    public void Leave() => _gate.Release();

    /// <summary>Takes what a save has changed, inside the gate.</summary>
    public void Enqueue(List<OutboxEvent> events)
    {
        foreach (var e in events)
        {
            Interlocked.Increment(ref _waiting);
            _queue.Writer.TryWrite(new Item(e, null));
        }
    }

    /// <summary>Waits until all that was enqueued before has been published.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Writer.TryWrite(new Item(null, reached));
        await reached.Task.WaitAsync(cancellationToken);
    }

    public void Dispose()
    {
        _queue.Writer.TryComplete();
        _end.Cancel();
        _end.Dispose();
        _gate.Dispose();
    }

    private async Task PublishAsync()
    {
        var cancellationToken = _end.Token;
        await Task.Yield();
        try
        {
            await foreach (var item in _queue.Reader.ReadAllAsync(cancellationToken))
            {
                item.Reached?.TrySetResult();
                if (item.Event is { } e)
                {
                    await PublishAsync(e, cancellationToken);
                    Interlocked.Decrement(ref _waiting);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The process ends.
        }
    }

    private async Task PublishAsync(OutboxEvent e, CancellationToken cancellationToken)
    {
        var key = $"memory:{Guid.NewGuid():N}";
        var row = ++_rows;
        var back = new Retry(_live.Time);
        while (true)
        {
            try
            {
                await _live.PublishAsync(e, 0, row, key, cancellationToken);
                return;
            }
            catch (Exception error) when (error is BrokerUnavailableException or TimeoutException)
            {
                OutboxLog.PublishFailed(_live.Log, error, e.Channel);
                await back.WaitAsync(cancellationToken);
            }
        }
    }

    private readonly record struct Item(OutboxEvent? Event, TaskCompletionSource? Reached);
}
