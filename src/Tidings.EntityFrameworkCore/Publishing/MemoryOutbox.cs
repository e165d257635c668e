using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Tidings.Brokers;
using Tidings.EntityFrameworkCore.Outbox;

namespace Tidings.EntityFrameworkCore.Publishing;

/// <summary>The outbox of contexts without tables and transactions, as EF Core's in-memory provider: a gate, and a queue behind it.</summary>
/// <remarks>One save at a time, from before its first change to its events' place in the queue; so is a reader of a whole table. What
/// waits here ends with the process, as the tables do.</remarks>
internal sealed class MemoryOutbox : IDisposable
{
    // A longer wait would be a save inside a save of the same store, which nothing else would end.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    // How often those who wait look whether the holder still exists.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    private const int MostWaiting = 10_000;

    private readonly EventPublisher _publisher;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Channel<Item> _queue = Channel.CreateUnbounded<Item>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _holding = new();
    private WeakReference<DbContext>? _holder;
    private long _rows;
    private int _waiting;

    public MemoryOutbox(EventPublisher publisher)
    {
        _publisher = publisher;
        _ = PublishAsync();
    }

    /// <summary>Takes the gate for a context.</summary>
    /// <exception cref="BrokerUnavailableException">Too many events wait for the broker.</exception>
    /// <exception cref="TimeoutException">Another save does not end.</exception>
    public async ValueTask EnterAsync(DbContext context, bool async, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _waiting) > MostWaiting)
        {
            await MakeRoomAsync(async, cancellationToken);
        }

        for (var waited = TimeSpan.Zero; waited < LongestWait; waited += Look)
        {
#pragma warning disable VSTHRD103 // A caller that saves without waiting blocks here, as in every call of its provider.
            if (async ? await _gate.WaitAsync(Look, cancellationToken) : _gate.Wait(Look, cancellationToken))
#pragma warning restore VSTHRD103
            {
                lock (_holding)
                {
                    _holder = new WeakReference<DbContext>(context);
                }

                return;
            }

            LeaveForTheLost();
        }

        throw new TimeoutException("Another SaveChanges on the same in-memory database has not ended for 30 seconds. Was it called inside this one?");
    }

    // A large save fills the queue by itself, and is published in a moment.
    private async ValueTask MakeRoomAsync(bool async, CancellationToken cancellationToken)
    {
        try
        {
            if (async)
            {
                await DrainAsync(cancellationToken).WaitAsync(LongestWait, _publisher.Time, cancellationToken);
                return;
            }
        }
        catch (TimeoutException)
        {
            // The broker is away.
        }

        throw new BrokerUnavailableException("Too many events wait for the broker: nothing can be saved before it is back.");
    }

    /// <summary>Gives the gate back.</summary>
    public void Leave()
    {
        lock (_holding)
        {
            _holder = null;
            _gate.Release();
        }
    }

    /// <summary>Gives the gate back where a context still holds it.</summary>
    public void LeaveFor(DbContext context)
    {
        lock (_holding)
        {
            if (_holder is { } holder && holder.TryGetTarget(out var held) && held == context)
            {
                Leave();
            }
        }
    }

    // A save whose SavingChanges threw, in an interceptor that came later, has no end that anybody is told of: its context has one.
    private void LeaveForTheLost()
    {
        lock (_holding)
        {
            if (_holder is { } holder && !(holder.TryGetTarget(out var context) && IsAlive(context)))
            {
                Leave();
            }
        }
    }

    private static bool IsAlive(DbContext context)
    {
        try
        {
            _ = context.ChangeTracker;
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

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

    private Task PublishAsync(OutboxEvent e, CancellationToken cancellationToken) =>
        _publisher.PublishAsync(e, 0, ++_rows, $"memory:{Guid.NewGuid():N}", static publish => publish(), cancellationToken);

    private readonly record struct Item(OutboxEvent? Event, TaskCompletionSource? Reached);
}
