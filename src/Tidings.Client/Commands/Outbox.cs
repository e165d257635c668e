using System.Threading.Channels;
using Tidings.Client.Contracts;
using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client.Commands;

/// <summary>
/// Commands from the call to the answer: those that wait for a connection, in the order of calls, and those that were sent. Bounded in
/// number and bytes. Safe from any thread; completes callers elsewhere.
/// </summary>
/// <remarks>
/// At most <see cref="Window"/> of the application's commands are unanswered at a time. Where the server refuses one for its rate, it was
/// not carried out: it is sent again a second later, or when the server says.
/// </remarks>
internal sealed class Outbox(int most, long mostBytes, TimeProvider time)
{
    /// <summary>How many commands of the application may be unanswered.</summary>
    public const int Window = 32;

    private static readonly TimeSpan RatePause = TimeSpan.FromSeconds(1);

    // A server knows an idempotency key for at least five minutes: what is older could become a second entry.
    private static readonly TimeSpan LongestRepeat = TimeSpan.FromMinutes(4);

    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, PendingCommand> _urgent = [];
    private readonly SortedDictionary<long, PendingCommand> _waiting = [];
    private readonly Dictionary<long, PendingCommand> _sent = [];
    private readonly Channel<bool> _signal = System.Threading.Channels.Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private TidingsException? _closed;
    private long _lastId;
    private long _bytes;
    private int _count;
    private int _unanswered;
    private long _pausedAt;
    private TimeSpan _pause;
    private bool _paused;
    private bool _connected;

    /// <summary>The id of the next command.</summary>
    public long NextId() => Interlocked.Increment(ref _lastId);

    /// <summary>Takes a command in.</summary>
    /// <exception cref="TidingsException">Too many wait, it cannot wait, or the client is away for good.</exception>
    public void Add(PendingCommand command)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                throw _closed;
            }

            if (command.Delivery == Delivery.Connection)
            {
                _urgent.Add(command.Id, command);
            }
            else if (command.Delivery == Delivery.Now && !_connected)
            {
                throw new TidingsException(ErrorCode.Unavailable, "Not connected.");
            }
            else if (_count >= most || (_count > 0 && _bytes + command.Length > mostBytes))
            {
                throw new TidingsException(ErrorCode.TooMany, "Too many commands wait.");
            }
            else
            {
                _waiting.Add(command.Id, command);
                _count++;
                _bytes += command.Length;
            }
        }

        _signal.Writer.TryWrite(true);
    }

    /// <summary>Takes a command out that nobody waits for any more. Once sent it stays until its answer.</summary>
    public void Withdraw(PendingCommand command)
    {
        lock (_gate)
        {
            if (_waiting.Remove(command.Id))
            {
                Forget_NeedsLock(command);
            }
        }
    }

    /// <summary>A connection is there: what waits may be sent.</summary>
    public void Open()
    {
        lock (_gate)
        {
            _connected = true;
            _paused = false;
        }

        _signal.Writer.TryWrite(true);
    }

    /// <summary>The next commands to be sent, in order; at least one.</summary>
    public async ValueTask<IReadOnlyList<PendingCommand>> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            TimeSpan? pause = null;
            lock (_gate)
            {
                var batch = Take_NeedsLock();
                if (batch.Count > 0)
                {
                    return batch;
                }

                if (_paused)
                {
                    pause = _pause - time.GetElapsedTime(_pausedAt);
                }
            }

            if (pause is { } left)
            {
                await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1), time, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await _signal.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>An answer has come. Of a command that nobody knows it changes nothing.</summary>
    public void Answer(long id, ServerFrame frame)
    {
        PendingCommand? command;
        PendingCommand? refused = null;
        lock (_gate)
        {
            if (!_sent.Remove(id, out command))
            {
                return;
            }

            if (command.Delivery != Delivery.Connection)
            {
                _unanswered--;
            }

            if (frame.Type == "error" && frame.Error == ErrorCode.RateLimited && command.Delivery != Delivery.Now)
            {
                (command.Delivery == Delivery.Connection ? _urgent : _waiting).Add(id, command);
                _paused = true;
                _pausedAt = time.GetTimestamp();
                _pause = Waits.AskedFor(frame.Whole("retryAfter")) is { } asked && asked > RatePause ? asked : RatePause;
                (refused, command) = (command, null);
            }
            else
            {
                Forget_NeedsLock(command);
            }
        }

        refused?.OnSettled?.Invoke(null);
        command?.Complete(frame);
        _signal.Writer.TryWrite(true);
    }

    /// <summary>Fails what has been unanswered for too long.</summary>
    public void Expire(TimeSpan limit)
    {
        List<PendingCommand>? late = null;
        lock (_gate)
        {
            foreach (var command in _sent.Values.Where(command => time.GetElapsedTime(command.LastSent) >= limit))
            {
                (late ??= []).Add(command);
            }

            late?.ForEach(Drop_NeedsLock);
        }

        if (late is not null)
        {
            _signal.Writer.TryWrite(true);
            late.ForEach(static command => command.Fail(new TidingsException(ErrorCode.Timeout, "No answer came; whether it was carried out is not known.")));
        }
    }

    /// <summary>The connection has ended: what may be repeated waits for the next one, the rest fails.</summary>
    public void Lose()
    {
        var lost = new List<PendingCommand>();
        lock (_gate)
        {
            _connected = false;
            foreach (var command in _sent.Values.ToList())
            {
                if (command.Delivery == Delivery.Repeat && time.GetElapsedTime(command.FirstSent!.Value) < LongestRepeat)
                {
                    _sent.Remove(command.Id);
                    _unanswered--;
                    _waiting.Add(command.Id, command);
                }
                else
                {
                    Drop_NeedsLock(command);
                    lost.Add(command);
                }
            }

            foreach (var command in _waiting.Values.Where(static command => command.Delivery == Delivery.Now).ToList())
            {
                _waiting.Remove(command.Id);
                Forget_NeedsLock(command);
                lost.Add(command);
            }

            lost.AddRange(_urgent.Values);
            _urgent.Clear();
        }

        lost.ForEach(static command => command.Fail(PendingCommand.Unknown()));
    }

    /// <summary>The client is away for good: everything fails, now and later.</summary>
    public void Close(TidingsException error)
    {
        List<PendingCommand> all;
        lock (_gate)
        {
            _closed ??= error;
            _connected = false;
            all = [.. _urgent.Values, .. _waiting.Values, .. _sent.Values];
            _urgent.Clear();
            _waiting.Clear();
            _sent.Clear();
            (_count, _bytes, _unanswered) = (0, 0, 0);
        }

        all.ForEach(command => command.Fail(error));
    }

    private List<PendingCommand> Take_NeedsLock()
    {
        var batch = new List<PendingCommand>();
        if (_paused && time.GetElapsedTime(_pausedAt) < _pause)
        {
            return batch;
        }

        _paused = false;
        foreach (var queue in (ReadOnlySpan<SortedDictionary<long, PendingCommand>>)[_urgent, _waiting])
        {
            foreach (var command in queue.Values)
            {
                if (batch.Count == Window || (command.Delivery != Delivery.Connection && _unanswered == Window))
                {
                    break;
                }

                batch.Add(command);
                command.Sent(time.GetTimestamp());
                _sent.Add(command.Id, command);
                if (command.Delivery != Delivery.Connection)
                {
                    _unanswered++;
                }
            }

            foreach (var command in batch)
            {
                queue.Remove(command.Id);
            }
        }

        return batch;
    }

    private void Drop_NeedsLock(PendingCommand command)
    {
        _sent.Remove(command.Id);
        if (command.Delivery != Delivery.Connection)
        {
            _unanswered--;
        }

        Forget_NeedsLock(command);
    }

    private void Forget_NeedsLock(PendingCommand command)
    {
        if (command.Delivery != Delivery.Connection)
        {
            _count--;
            _bytes -= command.Length;
        }
    }
}
