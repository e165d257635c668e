using System.Buffers;
using System.Runtime.CompilerServices;
using Tidings.AspNetCore.Endpoints.Json;
using Tidings.Protocol;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;
using Tidings.Quotas;

namespace Tidings.AspNetCore.Endpoints;

/// <content>Messages in and out.</content>
internal sealed partial class EndpointSession
{
    private int _receiving;
    private int _invalid;

    /// <summary>A message came. For the lane alone.</summary>
    public void Deliver(InboxItem item)
    {
        switch (_inbox.Add(item))
        {
            case InboxOutcome.Full:
                _connection!.Suspend();
                break;
            case InboxOutcome.NoMemory:
                _route.Tidings.Node.Registry.Metrics.RateLimited(RateLimitName.Bodies);
                _connection!.CloseNow(DisconnectCode.Unavailable);
                break;
        }
    }

    /// <summary>Something was written. For the lane alone.</summary>
    public void OnFlushed() => _outbox.Flushed(_connection!.QueuedBytes);

    /// <summary>Takes the next message.</summary>
    /// <returns>Null where the connection has ended, and all that came before was taken.</returns>
    /// <exception cref="TimeoutException">Nothing came in time; the next call may still get it.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<InboxItem?> TakeAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _receiving, 1) != 0)
        {
            throw new InvalidOperationException("Another receive on this connection is still waiting: one at a time.");
        }

        try
        {
            if (!_attached)
            {
                await AcceptAsync();
            }

            cancellationToken.ThrowIfCancellationRequested();
            while (true)
            {
                // Looked at first: once it has ended, nothing is put in any more.
                var ended = _ended;
                if (_inbox.TryTake(out var item, out var hasRoom))
                {
                    if (hasRoom)
                    {
                        _connection!.Lane.Post(this, ResumeRequest);
                    }

                    return item;
                }

                if (ended)
                {
                    return null;
                }

                if (timeout == Timeout.InfiniteTimeSpan && !cancellationToken.CanBeCanceled)
                {
                    await _inbox.WaitAsync();
                }
                else
                {
                    await WaitAsync(timeout, cancellationToken);
                }
            }
        }
        finally
        {
            Volatile.Write(ref _receiving, 0);
        }
    }

    /// <summary>Answers a message that the handler cannot take; the next one may do.</summary>
    /// <remarks>Where the route has a bound on such messages in a row, the one past it closes the connection.</remarks>
    public ValueTask AnswerInvalidAsync(byte[] answer, CancellationToken cancellationToken)
    {
        var most = _route.Limits.InvalidMessages;
        if (++_invalid > most && most > 0)
        {
            _connection!.Close(DisconnectCode.InvalidMessage);
            return ValueTask.CompletedTask;
        }

        return _ended ? ValueTask.CompletedTask : SendAsync(Opcode.Text, answer, cancellationToken);
    }

    public ValueTask AnswerWrongKindAsync(string expected, CancellationToken cancellationToken) =>
        AnswerInvalidAsync(MessageFaults.Answer([new MessageFault("", $"A {expected} message is expected.")]), cancellationToken);

    /// <summary>A message was what the handler expects.</summary>
    public void ForgetInvalid() => _invalid = 0;

    /// <summary>Throws where the connection did not end normally.</summary>
    public void ThrowIfAbnormal()
    {
        // 1001 is a peer that leaves its page, or ourselves when we stop; 1005 a close without a code.
        if (!_closedHere && EndCode is { Code: not (1000 or 1001 or 1005) })
        {
            throw Disconnected();
        }
    }

    public WebSocketDisconnectException Disconnected()
    {
        var code = EndCode ?? DisconnectCode.Abnormal;
        return new WebSocketDisconnectException(code.Code, code.Reason, this);
    }

    /// <summary>Sends a message that is one frame.</summary>
    public ValueTask SendAsync(Opcode opcode, ReadOnlySpan<byte> payload, CancellationToken cancellationToken) =>
        SendAsync(Encode(opcode, payload), cancellationToken);

    /// <summary>Sends a frame as it is.</summary>
    public ValueTask SendAsync(byte[] frame, CancellationToken cancellationToken) =>
        _attached ? SendFrame(frame, ofStream: false, cancellationToken) : AcceptAndSendAsync(frame, cancellationToken);

    private async ValueTask WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var waiting = _inbox.WaitAsync();
        if (waiting.IsCompleted)
        {
            await waiting;
            return;
        }

        // A late timer must not end a wait that is not its own.
        var version = _inbox.Version;
        using var registration = cancellationToken.UnsafeRegister(
            (_, token) => _inbox.Interrupt(version, new OperationCanceledException(token)), null);
        using var timer = timeout == Timeout.InfiniteTimeSpan ? null : _route.Tidings.Node.Time.CreateTimer(
            _ => _inbox.Interrupt(version, new TimeoutException("No message came in time.")), null, timeout, Timeout.InfiniteTimeSpan);
        await waiting;
    }

    private async ValueTask AcceptAndSendAsync(byte[] frame, CancellationToken cancellationToken)
    {
        await AcceptAsync();
        await SendFrame(frame, ofStream: false, cancellationToken);
    }

    private ValueTask SendFrame(byte[] frame, bool ofStream, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_outbox.TryAdd(frame, ofStream, out var wake, out var room))
        {
            throw Disconnected();
        }

        if (wake)
        {
            _connection!.Lane.Post(this);
        }

        return room is null ? ValueTask.CompletedTask : new ValueTask(WaitForRoomAsync(room, cancellationToken));
    }

    private async Task WaitForRoomAsync(Task room, CancellationToken cancellationToken)
    {
        while (true)
        {
            var written = _outbox.Written;
            try
            {
                await room.WaitAsync(_route.Limits.SendTimeout, _route.Tidings.Node.Time, cancellationToken);
                break;
            }
            catch (TimeoutException)
            {
                if (_outbox.Written == written && _outbox.IsPeerBehind)
                {
                    _route.Tidings.Node.Registry.Metrics.SlowConsumer();
                    _connection!.Close(DisconnectCode.SlowConsumer);
                    await room;
                    break;
                }
            }
        }

        if (_ended)
        {
            throw Disconnected();
        }
    }

    private byte[] Encode(Opcode opcode, ReadOnlySpan<byte> payload)
    {
        if (_deflate.Terms is not { } terms || !terms.Allows(payload.Length))
        {
            return Frame.Create(opcode, payload);
        }

        var buffer = ArrayPool<byte>.Shared.Rent(MessageDeflater.DestinationLength(payload.Length));
        try
        {
            return _route.Tidings.Node.Deflater.TryDeflate(payload, buffer, out var length)
                ? Frame.Create(opcode, buffer.AsSpan(0, length), compressed: true)
                : Frame.Create(opcode, payload);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
