using System.Diagnostics.CodeAnalysis;
using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Protocol;

namespace Tidings.Streams;

/// <summary>What a reader is sent of a stream.</summary>
/// <param name="Bytes">Whole frames.</param>
/// <param name="Next">Where to go on.</param>
/// <param name="IsLast">Whether nothing follows.</param>
internal readonly record struct StreamFrame(byte[] Bytes, long Next, bool IsLast)
{
    /// <summary>Whether there is nothing more to send until the stream changes: it need not be read again before.</summary>
    public bool IsUpToDate { get; init; }
}

/// <summary>A stream in the words of a route.</summary>
internal interface IStreamFrames
{
    /// <summary>Whose changes are waited for.</summary>
    string Name { get; }

    /// <summary>The next frames.</summary>
    /// <returns>Null where there is nothing from <paramref name="from"/> on yet.</returns>
    ValueTask<StreamFrame?> NextAsync(long from, CancellationToken cancellationToken);
}

/// <summary>Sends a stream to one connection from a place on, as fast as it reads: no more than a part waits for a slow one. Safe from any thread.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing; it may be cancelled after the end.")]
internal sealed class StreamPump(Connection connection, StreamSignals signals, IStreamFrames frames) : IQueueWaiter
{
    // What may wait in the queue before nothing is read.
    private const int MostWaiting = 32 * 1024;

    private readonly CancellationTokenSource _end = new();
    private TaskCompletionSource? _room;

    /// <summary>Called on the connection's lane when the last frame was sent.</summary>
    public Action OnEnd { get; init; } = () => connection.CloseNow(DisconnectCode.Goodbye);

    /// <summary>Begins to send. Does not throw; it ends with the stream, or by <see cref="Stop"/>.</summary>
    public void Start(long from) => _ = Task.Run(() => RunAsync(from));

    /// <summary>The connection has ended.</summary>
    public void Stop() => _ = Task.Run(_end.Cancel);

    // On the connection's lane.
    void IQueueWaiter.OnRoom() => Interlocked.Exchange(ref _room, null)?.TrySetResult();

    private async Task RunAsync(long from)
    {
        try
        {
            using var waiter = signals.Watch(frames.Name);
            while (true)
            {
                var next = waiter.Next;
                if (await frames.NextAsync(from, _end.Token).ConfigureAwait(false) is not { } frame)
                {
                    await waiter.WaitAsync(next, _end.Token).ConfigureAwait(false);
                    continue;
                }

                await connection.Lane.SwitchTo();
                if (connection.State > ConnectionState.Open)
                {
                    return;
                }

                connection.Send(frame.Bytes);
                from = frame.Next;
                if (frame.IsLast)
                {
                    OnEnd();
                    return;
                }

                Task? room = null;
                if (connection.QueuedBytes > MostWaiting)
                {
                    _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    room = _room.Task;
                    connection.AwaitRoom(this);
                }

                // Nothing is read on a lane.
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                await (room?.WaitAsync(_end.Token) ?? Task.CompletedTask).ConfigureAwait(false);
                if (frame.IsUpToDate)
                {
                    await waiter.WaitAsync(next, _end.Token).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (BrokerUnavailableException)
        {
            // It comes back, and goes on where it stood.
            connection.Close(DisconnectCode.Unavailable);
        }
#pragma warning disable CA1031 // Its reader would wait for ever for what follows.
        catch (Exception error)
#pragma warning restore CA1031
        {
            connection.LogFailure(error);
            connection.Close(DisconnectCode.HandlerFailed);
        }
    }
}
