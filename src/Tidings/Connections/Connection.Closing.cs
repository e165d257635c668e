using Tidings.Lanes;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Frames;

namespace Tidings.Connections;

/// <content>How it ends.</content>
internal sealed partial class Connection
{
    /// <summary>Ends the connection after what is queued.</summary>
    public void CloseNow(DisconnectCode code)
    {
        if (State > ConnectionState.Open)
        {
            return;
        }

        Leave(code);
        if (_wire is null)
        {
            // The close frame goes out as soon as there is a wire.
            _code = code;
            return;
        }

        QueueClose(_handler.CloseCode(code));
        _suspended = false;
        if (_unread is { } unread)
        {
            // The peer's own close frame may be in it.
            _unread = null;
            AwaitClose(unread.Bytes);
            CountHeld();
        }

        SetReading(true);
    }

    /// <summary>Has the peer told that the node goes, where its protocol has words for it.</summary>
    public void AnnounceDrain()
    {
        if (State == ConnectionState.Open && !_wire!.IsOneWay)
        {
            _handler.OnDraining(this);
        }
    }

    /// <summary>Has the peer told that its token ends soon.</summary>
    public void AnnounceExpiry(long seconds) => _handler.OnTokenExpiring(this, seconds);

    /// <summary>Has the route told that one of the connection's subscriptions has missed messages.</summary>
    public void TellMissed(string channel) => _handler.OnMissed(this, channel);

    /// <summary>Says why a token was refused, before the connection is closed.</summary>
    public void TellTokenRefused(IReadOnlyList<FieldFault> details)
    {
        if (_handler.OnTokenRefused(details) is { } frame)
        {
            Send(frame);
        }
    }

    /// <summary>Ends the connection at once: what waits for it is dropped, for it must not be read any more.</summary>
    public void Expel(DisconnectCode code)
    {
        if (State <= ConnectionState.Open)
        {
            DropUnsent();
            CloseNow(code);
        }
    }

    /// <summary>The peer has said its last byte. The wire brings nothing more; it is closed when what is queued is written, or in time.</summary>
    public void EndOfInput()
    {
        _inputEnded = _closeReceived = true;
        if (State <= ConnectionState.Open)
        {
            // A peer that goes without a close frame has failed the connection (RFC 6455 §7.1.7). It may still be reading.
            Leave(DisconnectCode.Abnormal);
            AwaitEnd();
        }

        Flush();
        if (_outputEnded)
        {
            Shut();
        }
    }

    /// <summary>The transport broke.</summary>
    public void Lost()
    {
        Leave(DisconnectCode.Abnormal);
        Shut();
    }

    // From here on nobody sends to this connection, and nothing more of it is handled.
    private void Leave(DisconnectCode code)
    {
        if (State <= ConnectionState.Open)
        {
            State = ConnectionState.Closing;
            _tap?.Ending(code);
            _registry.Events?.Closed(Id, code.Code, code.Reason);
            _handler.OnClosed(this, code);
        }
    }

    private void QueueClose(DisconnectCode code)
    {
        var frame = Frame.Close(code);
        _tap?.Out(frame);
        _queue.Enqueue(frame);
        Lane.QueuedBytes += frame.Length;
        AwaitEnd();
        MarkDirty();
    }

    private void AwaitEnd()
    {
        _closeDue = Lane.Now + (long)Settings.CloseTimeout.TotalMilliseconds;
        Lane.Timers.Schedule(this, _closeDue);
    }

    private void AfterCloseFrame()
    {
        if (!(_closeReceived || _wire!.IsOneWay) || _outputEnded)
        {
            return;
        }

        // Both close frames have passed, or the peer's cannot be read any more: the server ends the TCP connection first (RFC 6455
        // §7.1.1), and reads on until the peer has read everything, as closing a socket with unread bytes would destroy our last
        // ones on their way.
        _outputEnded = true;
        var peerIsTold = _wire!.TryEndOutput();
        if (!_inputEnded && (peerIsTold || _peerMaySend))
        {
            Lane.Timers.Schedule(this, Math.Min(_closeDue, Lane.Now + (peerIsTold ? LingerMilliseconds : UntoldLingerMilliseconds)));
        }
        else
        {
            Shut();
        }
    }

    private void Shut()
    {
        if (State == ConnectionState.Closed)
        {
            return;
        }

        Lane.Members.Remove(_slot);
        _wire!.Close();
        Release();
    }

    private void Release()
    {
        State = ConnectionState.Closed;
        EndTap();
        Lane.Timers.Cancel(this);
        Authentication?.End();
        Lane.QueuedBytes -= _queue.Bytes;
        _queue.Clear();
        _reader.Release();
        ReleaseHeld(_held);
        _registry.Leave(HasPlace ? Address : default, CountedUser);
    }
}
