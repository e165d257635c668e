namespace Tidings.Client.Transports;

/// <summary>Reads through to another stream, which it doesn't own; fails once more than so many bytes came since the last <see cref="Reset"/>.</summary>
/// <param name="inner">Where the bytes come from.</param>
/// <param name="most">The most bytes.</param>
/// <param name="heard">Called whenever bytes have come.</param>
internal sealed class BoundedStream(Stream inner, int most, Action heard) : Stream
{
    private long _read;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Whether the bound was passed.</summary>
    public bool Exceeded => _read > most;

    /// <summary>Counts anew.</summary>
    public void Reset() => _read = 0;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        heard();
        _read += count;
        return _read > most ? throw new IOException("The message is too large.") : count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
