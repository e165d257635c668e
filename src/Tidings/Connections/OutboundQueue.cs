using System.Buffers;

namespace Tidings.Connections;

/// <summary>Whole frames that wait to be written, in order. Holds nothing while empty, and one reference while it holds one frame.</summary>
internal struct OutboundQueue
{
    // Null, the one frame that waits, or a ring of frames whose length is a power of two.
    private object? _frames;
    private int _first;
    private int _sent;

    /// <summary>Frames that wait, the one that is partly written included.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes that wait.</summary>
    public int Bytes { get; private set; }

    /// <summary>The first frame's bytes that are not yet written.</summary>
    public readonly ReadOnlySpan<byte> Head => Peek(0).AsSpan(_sent);

    /// <summary>The first bytes to write as memory.</summary>
    public readonly ReadOnlyMemory<byte> HeadMemory => Peek(0).AsMemory(_sent);

    public readonly byte[] Peek(int index) =>
        _frames is byte[] single ? single : ((byte[][])_frames!)[(_first + index) & (((byte[][])_frames).Length - 1)];

    public void Enqueue(byte[] frame)
    {
        Bytes += frame.Length;
        if (Count++ == 0 && _frames is null)
        {
            _frames = frame;
            return;
        }

        var ring = RingWithRoom();
        ring[(_first + Count - 1) & (ring.Length - 1)] = frame;
    }

    /// <summary>Puts a control frame before all that is not yet begun: it may stand between any two frames (RFC 6455 §5.4).</summary>
    public void EnqueueControl(byte[] frame)
    {
        if (Count == 0 || (Count == 1 && _sent > 0))
        {
            Enqueue(frame);
            return;
        }

        Bytes += frame.Length;
        Count++;
        var ring = RingWithRoom();
        var mask = ring.Length - 1;
        _first = (_first - 1) & mask;
        if (_sent > 0)
        {
            ring[_first] = ring[(_first + 1) & mask];
            ring[(_first + 1) & mask] = frame;
        }
        else
        {
            ring[_first] = frame;
        }
    }

    /// <summary>Takes <paramref name="bytes"/> that were written off the front.</summary>
    public void Advance(int bytes)
    {
        Bytes -= bytes;
        bytes += _sent;
        while (Count > 0 && bytes >= Peek(0).Length)
        {
            bytes -= Peek(0).Length;
            RemoveFirst();
        }

        _sent = bytes;
    }

    /// <summary>Drops every frame that is not partly written.</summary>
    public void DropUnsent()
    {
        if (_sent == 0)
        {
            Clear();
            return;
        }

        var begun = Peek(0);
        var sent = _sent;
        Clear();
        Enqueue(begun);
        Bytes -= sent;
        _sent = sent;
    }

    public void Clear()
    {
        if (_frames is byte[][] ring)
        {
            ArrayPool<byte[]>.Shared.Return(ring, clearArray: true);
        }

        this = default;
    }

    private void RemoveFirst()
    {
        if (_frames is byte[][] ring)
        {
            ring[_first] = null!;
            _first = (_first + 1) & (ring.Length - 1);
        }

        if (--Count == 0)
        {
            Clear();
        }
    }

    // Count is already what it is going to be.
    private byte[][] RingWithRoom()
    {
        if (_frames is byte[][] ring && ring.Length >= Count)
        {
            return ring;
        }

        // The pool's arrays have lengths of powers of two.
        var larger = ArrayPool<byte[]>.Shared.Rent(Math.Max(16, Count));
        if (_frames is byte[] single)
        {
            larger[0] = single;
        }
        else
        {
            var smaller = (byte[][])_frames!;
            for (var i = 0; i < Count - 1; i++)
            {
                larger[i] = smaller[(_first + i) & (smaller.Length - 1)];
            }

            ArrayPool<byte[]>.Shared.Return(smaller, clearArray: true);
        }

        _first = 0;
        _frames = larger;
        return larger;
    }
}
