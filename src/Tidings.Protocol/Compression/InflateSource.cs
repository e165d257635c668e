namespace Tidings.Protocol.Compression;

/// <summary>The stream an inflater reads from: one message's payload, the tail that its sender took off, and an end of ours.</summary>
/// <remarks>
/// <para>
/// .NET's inflater tells neither where a stream ended nor whether it ended in the middle of a block. Both follow from how far
/// it had to read here. After <c>00 00 FF FF</c> (RFC 7692 §7.2.2) a whole message stands at the start of a block, where
/// <see cref="End"/>, an empty block with BFINAL set, finishes it; one that was cut off takes both for data.
/// The bytes from <see cref="SingleFrom"/> on are handed out one at a time, so that an end among them is known to the byte.
/// </para>
/// <para>Holds a pointer: the payload stays pinned, and the source must not outlive the call that pinned it.</para>
/// </remarks>
internal sealed unsafe class InflateSource(byte* payload, int length) : Stream
{
    // What comes after an end found in here is read again byte by byte, so this bounds that work.
    private const int MaxRead = 2048;

    private int _position;

    /// <summary>From here on the payload is handed out byte by byte.</summary>
    public int SingleFrom { get; private set; }

    /// <summary>Where the read handed out last began.</summary>
    public int LastRead { get; private set; }

    /// <summary>Whether the inflater asked for more when there was no more: the stream did not come to an end.</summary>
    public bool Exhausted { get; private set; }

    /// <summary>Whether the payload is used up and what is read now is the tail, or the end.</summary>
    public bool BeyondPayload => _position > length;

    /// <summary>Whether all was handed out, the end included.</summary>
    public bool AtEnd => _position == length + Tail.Length + End.Length;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => length;

    /// <inheritdoc/>
    public override long Position { get => _position; set => throw new NotSupportedException(); }

    private static ReadOnlySpan<byte> Tail => [0x00, 0x00, 0xFF, 0xFF];

    private static ReadOnlySpan<byte> End => [0x03, 0x00];

    /// <summary>Starts over at <paramref name="position"/>, in bulk as far as <paramref name="singleFrom"/>.</summary>
    public void Restart(int position, int singleFrom)
    {
        _position = position;
        SingleFrom = singleFrom;
        LastRead = position;
        Exhausted = false;
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        var next = Next();
        Exhausted |= next.IsEmpty;
        next = next[..Math.Min(next.Length, buffer.Length)];
        next.CopyTo(buffer);
        LastRead = _position;
        _position += next.Length;
        return next.Length;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    private ReadOnlySpan<byte> Next()
    {
        if (_position < length)
        {
            int count = _position < SingleFrom ? Math.Min(MaxRead, SingleFrom - _position) : 1;
            return new ReadOnlySpan<byte>(payload + _position, count);
        }

        int after = _position - length;
        return after < Tail.Length ? Tail[after..] : End[(after - Tail.Length)..];
    }
}
