using Tidings.Lanes;

namespace Tidings.Connections;

/// <summary>A connection's socket on its lane: read when there is something, written at once, armed for writing only when the kernel is full.</summary>
internal sealed class EpollWire(EpollLane lane, int fd, byte[] unread) : Wire, IEpollSource
{
    // From this size on a frame is written where it lies; smaller ones are put together first.
    private const int LargeFrame = 16 * 1024;

    // The kernel takes no more than this ahead of the network, so that our own queue is the bound on a slow reader.
    private const int UnsentInKernel = 128 * 1024;

    private byte[]? _unread = unread;
    private Connection? _connection;
    private ulong _key;
    private uint _interest;
    private bool _reading = true;

    public override void Start(Connection connection)
    {
        _connection = connection;
        Native.SetOption(fd, Libc.IPPROTO_TCP, Libc.TCP_NOTSENT_LOWAT, UnsentInKernel);
        if (connection.Settings.Heartbeat > TimeSpan.Zero)
        {
            Native.SetOption(fd, Libc.IPPROTO_TCP, Libc.TCP_USER_TIMEOUT, (int)(2 * connection.Settings.Heartbeat).TotalMilliseconds);
        }

        _interest = Libc.EPOLLIN;
        _key = lane.Add(fd, this, _interest);
        if (_unread is { Length: > 0 } early)
        {
            connection.Receive(early);
        }

        _unread = null;
    }

    void IEpollSource.OnReady(uint events)
    {
        var connection = _connection!;
        if ((events & Libc.EPOLLIN) != 0 && _reading)
        {
            Read(connection);
        }
        else if ((events & (Libc.EPOLLERR | Libc.EPOLLHUP)) != 0)
        {
            connection.Lost();
            return;
        }
        else if ((events & Libc.EPOLLRDHUP) != 0)
        {
            // The peer has ended while we don't read; what it said before is read when we go on.
            Watch(_interest & ~Libc.EPOLLRDHUP);
        }

        if ((events & Libc.EPOLLOUT) != 0 && connection.State != ConnectionState.Closed)
        {
            connection.Flush();
        }
    }

    void IEpollSource.OnLaneEnded() => _connection!.Lost();

    public override FlushResult Flush(ref OutboundQueue queue)
    {
        while (queue.Count > 0)
        {
            var bytes = queue.Count == 1 || queue.Head.Length >= LargeFrame ? queue.Head : Gather(in queue);
            switch (Native.Send(fd, bytes, out var sent))
            {
                case NativeStatus.Failed:
                    return FlushResult.Broken;
                case NativeStatus.Done:
                    queue.Advance(sent);
                    if (sent == bytes.Length)
                    {
                        continue;
                    }

                    break;
            }

            Watch(_interest | Libc.EPOLLOUT);
            return FlushResult.Blocked;
        }

        Watch(_interest & ~Libc.EPOLLOUT);
        return FlushResult.Drained;
    }

    public override void SetReading(bool reading)
    {
        _reading = reading;
        Watch((_interest & Libc.EPOLLOUT) | (reading ? Libc.EPOLLIN : Libc.EPOLLRDHUP));
    }

    public override bool TryEndOutput()
    {
        Native.EndOutput(fd);
        return true;
    }

    public override void Close() => lane.Close(fd, _key);

    private void Read(Connection connection)
    {
        var status = Native.Receive(fd, lane.ReadBuffer, out var received);
        if (status == NativeStatus.Failed)
        {
            connection.Lost();
        }
        else if (status == NativeStatus.Done)
        {
            if (received == 0)
            {
                connection.EndOfInput();
                if (connection.State != ConnectionState.Closed)
                {
                    // The end stays readable for ever; what is still to be written may take its time.
                    _reading = false;
                    Watch(_interest & Libc.EPOLLOUT);
                }
            }
            else
            {
                connection.Receive(lane.ReadBuffer.AsSpan(0, received));
            }
        }
    }

    // Copies the first frames, as many as fit, and leaves them queued.
    private Span<byte> Gather(in OutboundQueue queue)
    {
        var buffer = lane.WriteBuffer;
        var head = queue.Head;
        head.CopyTo(buffer);
        var length = head.Length;
        for (var i = 1; i < queue.Count; i++)
        {
            var frame = queue.Peek(i);
            if (length + frame.Length > buffer.Length)
            {
                break;
            }

            frame.CopyTo(buffer, length);
            length += frame.Length;
        }

        return buffer.AsSpan(0, length);
    }

    private void Watch(uint interest)
    {
        if (interest != _interest)
        {
            _interest = interest;
            lane.Modify(fd, _key, interest);
        }
    }
}
