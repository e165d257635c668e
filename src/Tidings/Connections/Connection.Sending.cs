using Tidings.Protocol;
using Tidings.Protocol.Frames;

namespace Tidings.Connections;

/// <content>What goes out: the queue, its bounds, flushing.</content>
internal sealed partial class Connection
{
    private OutboundQueue _queue;
    private byte[]? _latestPong;
    private bool _dirty;
    private bool _blocked;

    private List<IQueueWaiter>? _waiters;

    public int QueuedBytes => _queue.Bytes;

    /// <summary>The last frame that waits; null where none does.</summary>
    public byte[]? LastQueued => _queue.Count > 0 ? _queue.Peek(_queue.Count - 1) : null;

    /// <summary>Whether this very frame still waits, a part of it perhaps.</summary>
    public bool IsQueued(byte[] frame)
    {
        for (var i = 0; i < _queue.Count; i++)
        {
            if (ReferenceEquals(_queue.Peek(i), frame))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether so much waits that who can wait should.</summary>
    public bool IsBackedUp => _queue.Bytes > Settings.QueueBytes / 2;

    /// <summary>Calls <paramref name="waiter"/> once, when no more than a quarter of the bound waits.</summary>
    public void AwaitRoom(IQueueWaiter waiter) => (_waiters ??= []).Add(waiter);

    /// <summary>Closes a peer that reads more slowly than it is spoken to. What it has not begun to read is dropped; it can recover it.</summary>
    public void CloseAsSlow()
    {
        if (State <= ConnectionState.Open)
        {
            _registry.Metrics.SlowConsumer();
            DropUnsent();
            CloseNow(DisconnectCode.SlowConsumer);
        }
    }

    /// <summary>Queues whole frames. Over the bound the peer is a slow consumer, and is closed.</summary>
    /// <param name="frames">The frames.</param>
    /// <param name="messages">How many messages they are.</param>
    public void Send(byte[] frames, int messages = 1)
    {
        if (State > ConnectionState.Open)
        {
            return;
        }

        if (_queue.Count > 0 && (_queue.Bytes + frames.Length > Settings.QueueBytes || IsLaneOverfull(frames.Length)))
        {
            CloseAsSlow();
            return;
        }

        _tap?.Out(frames);
        _queue.Enqueue(frames);
        Lane.QueuedBytes += frames.Length;
        Lane.Traffic.MessagesSent += messages;
        MarkDirty();
    }

    /// <summary>The same from any thread.</summary>
    public void SendLater(byte[] frames) => Lane.Post(this, frames);

    /// <summary>Queues a text message for this connection alone.</summary>
    public void SendText(ReadOnlySpan<byte> utf8) => Send(Frame.Text(utf8));

    /// <summary>Writes what is queued, as far as it goes. The lane calls it at the end of a turn, the wire when it can write again.</summary>
    public override void Flush()
    {
        _dirty = false;
        if (_wire is null || State == ConnectionState.Closed)
        {
            return;
        }

        if (_latestPong is { } pong)
        {
            _latestPong = null;
            EnqueueControl(pong);
        }

        // Also where nothing waits: a wire that is still writing what it took last says so, and one that has finished too.
        var before = _queue.Bytes;
        var result = _wire.Flush(ref _queue);
        var taken = before - _queue.Bytes;
        Lane.QueuedBytes -= taken;
        Lane.Traffic.BytesSent += taken;
        _blocked = result == FlushResult.Blocked;
        if (result == FlushResult.Broken)
        {
            Lost();
            return;
        }

        if (ReportsFlush)
        {
            _handler.OnFlushed(this);
        }

        if (_waiters is { } waiters && _queue.Bytes <= Settings.QueueBytes / 4)
        {
            _waiters = null;
            foreach (var waiter in waiters)
            {
                waiter.OnRoom();
            }
        }

        if (State == ConnectionState.Closing && _queue.Count == 0 && !_blocked)
        {
            AfterCloseFrame();
        }
    }

    private void EnqueueControl(byte[] frame)
    {
        _tap?.Out(frame);
        _queue.EnqueueControl(frame);
        Lane.QueuedBytes += frame.Length;
    }

    private void DropUnsent()
    {
        Lane.QueuedBytes -= _queue.Bytes;
        _queue.DropUnsent();
        Lane.QueuedBytes += _queue.Bytes;
    }

    // Where all queues together are over the node's bound, only those who read at once get more.
    private bool IsLaneOverfull(int bytes) => Lane.QueuedBytes + bytes > _registry.QueueBytesPerLane && _queue.Bytes > 0 && _blocked;

    private void MarkDirty()
    {
        if (!_dirty && !_blocked && _wire is not null)
        {
            _dirty = true;
            Lane.MarkDirty(this);
        }
    }
}
