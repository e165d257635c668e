namespace Tidings.Faults.Readers;

/// <summary>Ends what waits for a stream on which nothing comes, not even a heartbeat.</summary>
internal sealed class SilenceLimit : IDisposable
{
    private readonly TimeSpan _longest;
    private readonly CancellationTokenSource _source;

    public SilenceLimit(TimeSpan longest, CancellationToken end)
    {
        _longest = longest;
        _source = CancellationTokenSource.CreateLinkedTokenSource(end);
        _source.CancelAfter(longest);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>The stream, each byte of which is a sign of life.</summary>
    public Stream Watch(Stream stream) => new WatchedStream(stream, this);

    public void Dispose() => _source.Dispose();

    private sealed class WatchedStream(Stream inner, SilenceLimit limit) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            limit._source.CancelAfter(limit._longest);
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
