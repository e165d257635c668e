using TestKit;
using Tidings.Connections;

namespace Tidings.Channels.Tests.World;

/// <summary>A wire without a network, whose peer reads as fast as a test lets it. All of it belongs to the connection's lane.</summary>
internal sealed class MemoryWire(Action<RawFrame> received) : Wire
{
    private readonly Queue<RawFrame> _inbox = [];
    private readonly List<byte> _arrived = [];
    private Connection? _connection;
    private bool _reading = true;
    private bool _cut;
    private int _read;

    /// <summary>Bytes that the peer still takes before it pauses.</summary>
    public long Room { get; private set; } = long.MaxValue;

    public bool Closed { get; private set; }

    public override void Start(Connection connection)
    {
        _connection = connection;
        connection.Lane.Post(new LaneAction(_cut ? Cut : BringAll));
    }

    /// <summary>The peer sends a frame. What the connection doesn't read now waits in order.</summary>
    public void Bring(RawFrame frame)
    {
        _inbox.Enqueue(frame);
        BringAll();
    }

    /// <summary>The peer goes on reading, or pauses after so many bytes.</summary>
    public void SetRoom(long bytes)
    {
        Room = bytes;
        if (!Closed && _connection is not null)
        {
            _connection.Flush();
        }
    }

    /// <summary>The network fails.</summary>
    public void Cut()
    {
        _cut = true;
        if (!Closed)
        {
            _connection?.Lost();
        }
    }

    public override FlushResult Flush(ref OutboundQueue queue)
    {
        while (queue.Count > 0)
        {
            if (Room == 0)
            {
                return FlushResult.Blocked;
            }

            var head = queue.Head;
            var taken = (int)Math.Min(Room, head.Length);
            _arrived.AddRange(head[..taken]);
            Room -= Room == long.MaxValue ? 0 : taken;
            queue.Advance(taken);
        }

        Parse();
        return FlushResult.Drained;
    }

    public override void SetReading(bool reading)
    {
        _reading = reading;
        if (reading && _inbox.Count > 0)
        {
            _connection!.Lane.Post(new LaneAction(BringAll));
        }
    }

    public override bool TryEndOutput() => false;

    public override void Close()
    {
        Parse();
        Closed = true;
        _inbox.Clear();
    }

    private void BringAll()
    {
        while (_reading && !Closed && !_cut && _connection is not null && _inbox.TryDequeue(out var frame))
        {
            _connection.Receive(frame.ToBytes());
        }
    }

    private void Parse()
    {
        var bytes = _arrived.ToArray().AsSpan(_read);
        while (RawFrame.Parse(bytes) is { } parsed)
        {
            bytes = bytes[parsed.Length..];
            _read += parsed.Length;
            if (!_cut)
            {
                received(parsed.Frame);
            }
        }

        _arrived.RemoveRange(0, _read);
        _read = 0;
    }
}
