using System.Text;
using Tidings.Protocol;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;

namespace Tidings.Connections;

/// <content>What comes in: frames and messages.</content>
internal sealed partial class Connection
{
    private static readonly byte[] EmptyPong = Frame.Create(Opcode.Pong, default);

    private MessageReader _reader;
    private InboundLimits _limits;
    private Unread? _unread;
    private bool _reading = true;
    private bool _suspended;

    /// <summary>The terms of permessage-deflate, or null.</summary>
    public DeflateTerms? Deflate { get; }

    /// <summary>The wire has read these bytes; they are used up on return.</summary>
    public void Receive(Span<byte> bytes)
    {
        Lane.Traffic.BytesReceived += bytes.Length;
        Take(bytes);
    }

    private void Take(Span<byte> bytes)
    {
        _heartbeat.Heard(Lane.Now);
        if (!_suspended)
        {
            Read(bytes, null);
        }
        else if (_unread is null)
        {
            _unread = new Unread(bytes);
        }
        else
        {
            _unread.Add(bytes);
        }

        CountHeld();
    }

    // A part of what has come before, or what comes now.
    private void Read(Span<byte> bytes, Unread? from)
    {
        try
        {
            ReadMessages(bytes, from);
        }
#pragma warning disable CA1031 // An error in what a route does with a message ends that connection, and no other.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogFailure(error);
            CloseNow(DisconnectCode.HandlerFailed);
        }
    }

    private bool IsPending => Authentication is { IsPending: true };

    // Of a client that has not authenticated, little is taken.
    private MessageRules Rules => IsPending ? Settings.Opening ?? ConnectionAuthentication.FirstMessageRules : Settings.Messages;

    private void ReadMessages(Span<byte> bytes, Unread? from)
    {
        var length = bytes.Length;
        while (State == ConnectionState.Open)
        {
            if (_suspended)
            {
                KeepForLater(bytes, from);
                return;
            }

            var message = _reader.Read(ref bytes, Rules);
            Lane.Traffic.MessagesReceived += message.IsMessage ? 1 : 0;
            switch (message.Kind)
            {
                case MessageEventKind.NeedMore:
                    _heartbeat.HeardPart(_reader.IsMidMessage ? length : 0, Lane.Now);
                    WatchStall();
                    return;
                case MessageEventKind.Text or MessageEventKind.Binary when message.Compressed:
                    TakeCompressed(message.Kind, message.Payload);
                    break;
                case MessageEventKind.Text:
                    _heartbeat.HeardPart(0, Lane.Now);
                    _tap?.In(Opcode.Text, message.Payload);
                    _handler.OnText(this, message.Payload);
                    break;
                case MessageEventKind.Binary:
                    _heartbeat.HeardPart(0, Lane.Now);
                    _tap?.In(Opcode.Binary, message.Payload);
                    _handler.OnBinary(this, message.Payload);
                    break;
                case MessageEventKind.Oversized:
                    _heartbeat.HeardPart(0, Lane.Now);
                    _tap?.InTooLarge();
                    _handler.OnOversized(this);
                    break;
                case MessageEventKind.Ping:
                    _tap?.In(Opcode.Ping, message.Payload);
                    Pong(message.Payload);
                    break;
                case MessageEventKind.Pong:
                    _tap?.In(Opcode.Pong, message.Payload);
                    TryControl();
                    break;
                case MessageEventKind.Close:
                    _closeReceived = true;
                    var code = new DisconnectCode(message.CloseCode, Encoding.UTF8.GetString(message.Payload));
                    _tap?.In(Opcode.Close, Frame.PayloadOf(Frame.Close(code)));
                    Leave(code);
                    QueueClose(new DisconnectCode(message.CloseCode, ""));
                    return;
                default:
                    Fail(message.Error);
                    return;
            }
        }

        AwaitClose(bytes);
    }

    /// <summary>Asks for leave to take note of a ping of either kind, which is refused in silence.</summary>
    public bool TryControl()
    {
        var taken = _limits.TryControl(Settings, Lane.Now, out var abusive);
        CloseIfAbusive(abusive);
        return taken;
    }

    /// <summary>Counts a message that could not be understood; more than twenty in a row end the connection.</summary>
    public void CountInvalid()
    {
        if (_limits.IsTooInvalid())
        {
            CloseNow(DisconnectCode.InvalidMessage);
        }
    }

    /// <summary>A message was understood.</summary>
    public void ForgetInvalid() => _limits.ForgetInvalid();

    /// <summary>Notes an error of our own in what a message set off.</summary>
    public void LogFailure(Exception error) => ConnectionLog.HandlerFailed(_registry.Log, error);

    /// <summary>Stops taking messages, or goes on. While it is we who don't read, the peer's silence means nothing.</summary>
    public void SetReading(bool reading)
    {
        if (reading == _reading || _wire is null or { IsOneWay: true } || State == ConnectionState.Closed)
        {
            return;
        }

        _reading = reading;
        _heartbeat.StandStill(Lane.Now);
        _wire.SetReading(reading);
    }

    /// <summary>Takes no further message until <see cref="Resume"/>, though some may have been read already.</summary>
    public void Suspend()
    {
        _suspended = true;
        SetReading(false);
    }

    public void Resume()
    {
        _suspended = false;
        if (_unread is { } unread)
        {
            _unread = null;
            _heartbeat.Heard(Lane.Now);
            Read(unread.Bytes, unread);
            CountHeld();
        }

        if (!_suspended)
        {
            SetReading(true);
        }
    }

    private void KeepForLater(Span<byte> bytes, Unread? from)
    {
        from?.Keep(bytes.Length);
        _unread = bytes.IsEmpty ? null : from ?? new Unread(bytes);
    }

    // What follows a fault cannot be read any more, the peer's close frame neither.
    private void Fail(ProtocolError error)
    {
        _registry.Metrics.ProtocolError();
        CloseNow(error.ToDisconnectCode());
        _closeReceived = true;

        // These are told while the message is still coming.
        _peerMaySend = error is ProtocolError.TooLarge or ProtocolError.Unacceptable;
    }

    private void Pong(ReadOnlySpan<byte> payload)
    {
        if (!TryControl())
        {
            return;
        }

        var pong = payload.IsEmpty ? EmptyPong : Frame.Create(Opcode.Pong, payload);
        if (_blocked)
        {
            // RFC 6455 §5.5.3: the latest ping may be answered alone. However many come, one pong waits.
            _latestPong = pong;
        }
        else
        {
            Send(pong, messages: 0);
        }
    }

    private void AwaitClose(Span<byte> bytes)
    {
        while (!_closeReceived && State == ConnectionState.Closing)
        {
            var message = _reader.Read(ref bytes, Rules);
            switch (message.Kind)
            {
                case MessageEventKind.NeedMore:
                    return;
                case MessageEventKind.Close or MessageEventKind.Error:
                    _closeReceived = true;
                    MarkDirty();
                    break;
            }
        }
    }

    private void WatchStall()
    {
        if (_reader.IsMidMessage && Due > _heartbeat.StallDue(Settings))
        {
            Reschedule();
        }
    }

    private void CloseIfAbusive(bool abusive)
    {
        if (abusive)
        {
            _registry.Metrics.RateAbuse();
            CloseNow(DisconnectCode.RateAbuse);
        }
    }
}
