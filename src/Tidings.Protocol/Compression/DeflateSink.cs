namespace Tidings.Protocol.Compression;

/// <summary>The stream a deflater writes to: memory of its caller, which it never goes beyond.</summary>
/// <remarks>Holds a pointer: the memory stays pinned, and the sink must not outlive the call that pinned it.</remarks>
internal sealed unsafe class DeflateSink(byte* destination, int capacity) : Stream
{
    private bool _closed;

    /// <summary>How many bytes were written.</summary>
    public int Written { get; private set; }

    /// <summary>Whether something had to be left out because it did not fit.</summary>
    public bool Overflowed { get; private set; }

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => Written;

    /// <inheritdoc/>
    public override long Position { get => Written; set => throw new NotSupportedException(); }

    /// <summary>From here on bytes are dropped: those that disposing of a <c>DeflateStream</c> still writes.</summary>
    public void CloseForWriting() => _closed = true;

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_closed || Overflowed)
        {
            return;
        }

        Overflowed = !buffer.TryCopyTo(new Span<byte>(destination + Written, capacity - Written));
        Written += Overflowed ? 0 : buffer.Length;
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}
