using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Messages;

namespace Tidings.Streams;

/// <summary>Tells those who wait for a stream that it has changed: on this node, and in passing on the others. Safe from any thread.</summary>
/// <remarks>A signal says nothing but that there is something to read. One that is lost between nodes delays a reader by <see cref="LookAgain"/> at most.</remarks>
internal sealed class StreamSignals(Hub hub, IBroker broker, bool isShared, TimeProvider time)
{
    /// <summary>How long somebody waits for another node before looking without a signal.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    private static readonly MessageData News = new(DataKind.Json, "\"news\""u8.ToArray());

    private readonly Lock _gate = new();
    private readonly Dictionary<string, StreamWatch> _watches = new(StringComparer.Ordinal);

    // Of names that are being told, whether there is more to tell.
    private readonly Dictionary<string, bool> _telling = new(StringComparer.Ordinal);

    /// <summary>Streams that somebody waits for.</summary>
    public int Watched
    {
        get
        {
            lock (_gate)
            {
                return _watches.Count;
            }
        }
    }

    /// <summary>Begins to wait for a stream, whether it is there or not. Whoever does, disposes what it gets.</summary>
    public StreamWaiter Watch(string name)
    {
        lock (_gate)
        {
            if (!_watches.TryGetValue(name, out var watch))
            {
                _watches.Add(name, watch = new StreamWatch());
                if (isShared)
                {
                    hub.Listen(watch, ChannelOf(name));
                    _ = ListenAsync(watch, ChannelOf(name));
                }
            }

            watch.Waiters++;
            return new StreamWaiter(this, name, watch, isShared ? LookAgain : Timeout.InfiniteTimeSpan, time);
        }
    }

    /// <summary>A stream has changed.</summary>
    public void Tell(string name)
    {
        StreamWatch? watch;
        var begins = false;
        lock (_gate)
        {
            watch = _watches.GetValueOrDefault(name);
            if (isShared)
            {
                begins = !_telling.ContainsKey(name);
                _telling[name] = !begins;
            }
        }

        watch?.Signal();
        if (begins)
        {
            _ = TellOthersAsync(name);
        }
    }

    internal void Leave(string name, StreamWatch watch)
    {
        lock (_gate)
        {
            if (--watch.Waiters == 0)
            {
                _watches.Remove(name);
                if (isShared)
                {
                    hub.EndListening(watch, ChannelOf(name));
                }
            }
        }
    }

    // No name of a channel has this character.
    private static string ChannelOf(string name) => "\u0002stream:" + name;

    private async Task ListenAsync(StreamWatch watch, string channel)
    {
        try
        {
            await broker.ListenAsync(channel).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            // Whoever waits looks now and then.
        }

        // What was told before is not heard.
        watch.Signal();
    }

    // One at a time; what changes meanwhile is told once more.
    private async Task TellOthersAsync(string name)
    {
        while (true)
        {
            try
            {
                await broker.PublishAsync(new Publication(ChannelOf(name), News) { Ephemeral = true }).ConfigureAwait(false);
            }
            catch (BrokerUnavailableException)
            {
                // They look now and then.
            }

            lock (_gate)
            {
                if (!_telling[name])
                {
                    _telling.Remove(name);
                    return;
                }

                _telling[name] = false;
            }
        }
    }
}

/// <summary>What is told of one stream on this node.</summary>
internal sealed class StreamWatch : IMessageListener
{
    private volatile TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Guarded by <see cref="StreamSignals"/>.</summary>
    public int Waiters { get; set; }

    public Task Next => _next.Task;

    public void Signal() => Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    // Under the channel's lock.
    void IMessageListener.Offer(Message message) => Signal();
}

/// <summary>Somebody who waits for a stream. Not safe from several threads.</summary>
internal sealed class StreamWaiter(StreamSignals signals, string name, StreamWatch watch, TimeSpan longest, TimeProvider time) : IDisposable
{
    private bool _disposed;

    /// <summary>Completes when the stream changes. To be taken before the stream is read, so that no change is missed.</summary>
    public Task Next => watch.Next;

    /// <summary>Waits for a change, or until it is time to look without one.</summary>
    /// <param name="next">What <see cref="Next"/> was before the stream was read.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task WaitAsync(Task next, CancellationToken cancellationToken) =>
        longest == Timeout.InfiniteTimeSpan ? next.WaitAsync(cancellationToken) : WaitOrLookAsync(next, cancellationToken);

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            signals.Leave(name, watch);
        }
    }

    private async Task WaitOrLookAsync(Task next, CancellationToken cancellationToken)
    {
        await next.WaitAsync(longest, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
