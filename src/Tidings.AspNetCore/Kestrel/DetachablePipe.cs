using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Tidings.Lanes;

namespace Tidings.AspNetCore.Kestrel;

/// <summary>
/// The two ends of a socket as the web server wants them, for the length of one handshake: the request's head is there already,
/// the answer is sent without an event loop. A connection that reads or writes more than that gets an ordinary socket, for good.
/// </summary>
/// <remarks>Until then no asynchronous call of .NET has touched the descriptor, and a lane may have it.</remarks>
internal sealed class DetachablePipe : IDuplexPipe, IAsyncDisposable
{
    private readonly int _fd;
    private readonly Lock _gate = new();
    private Stream? _stream;
    private bool _released;

    public DetachablePipe(int fd, byte[] head)
    {
        _fd = fd;
        Reader = new HeadReader(this, head);
        Input = Reader;
        Output = new DirectWriter(this);
    }

    public PipeReader Input { get; }
    public PipeWriter Output { get; }

    /// <summary>Whether the socket has become one of .NET's, which no lane can have any more.</summary>
    public bool IsOrdinary
    {
        get
        {
            lock (_gate)
            {
                return _stream is not null;
            }
        }
    }

    private HeadReader Reader { get; }

    /// <summary>Takes the descriptor out, with the bytes that were read and not used.</summary>
    /// <returns>False where the socket has become an ordinary one, or is taken.</returns>
    public bool TryTake(out int fd, out byte[] unread)
    {
        lock (_gate)
        {
            fd = _fd;
            unread = [];
            if (_stream is not null || _released)
            {
                return false;
            }

            _released = true;
            unread = Reader.Rest.ToArray();
            return true;
        }
    }

    /// <summary>Cuts the connection off.</summary>
    public void Abort()
    {
        lock (_gate)
        {
            if (_stream is not null)
            {
                _stream.Dispose();
            }
            else if (!_released)
            {
                // The descriptor itself is closed in one place only, as its number may be another's by then.
                Native.EndOutput(_fd);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Stream? stream;
        lock (_gate)
        {
            stream = _stream;
            if (stream is null && !_released)
            {
                _released = true;
                Native.Close(_fd);
            }
        }

        if (stream is not null)
        {
            await stream.DisposeAsync();
        }
    }

    // The socket becomes one of .NET's: from here on its own event loop has it, until it is closed.
    private Stream BecomeStream()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_released, this);
            return _stream ??= MakeStream();
        }
    }

    // Fails where the peer has reset the connection. The descriptor is .NET's to close then, and must not be closed again by us:
    // its number may be another's.
    private PrefixedStream MakeStream()
    {
        _released = true;
        var socket = new Socket(new SafeSocketHandle(_fd, ownsHandle: true));
        try
        {
            var stream = new PrefixedStream(Reader.Rest.ToArray(), new NetworkStream(socket, ownsSocket: true));
            _released = false;
            return stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class HeadReader(DetachablePipe pipe, byte[] head) : PipeReader
    {
        private ReadOnlySequence<byte> _rest = new(head);
        private PipeReader? _ordinary;
        private bool _examined = head.Length == 0;

        public ReadOnlySequence<byte> Rest => _rest;

        public override bool TryRead(out ReadResult result)
        {
            if (_ordinary is { } reader)
            {
                return reader.TryRead(out result);
            }

            result = new ReadResult(_rest, isCanceled: false, isCompleted: false);
            return !_examined;
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            if (_ordinary is null)
            {
                if (!_examined)
                {
                    return ValueTask.FromResult(new ReadResult(_rest, isCanceled: false, isCompleted: false));
                }

                _ordinary = Create(pipe.BecomeStream(), new StreamPipeReaderOptions(leaveOpen: true));
            }

            return _ordinary.ReadAsync(cancellationToken);
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            if (_ordinary is { } reader)
            {
                reader.AdvanceTo(consumed, examined);
                return;
            }

            _examined = _rest.Slice(examined).IsEmpty;
            _rest = _rest.Slice(consumed);
        }

        public override void CancelPendingRead() => _ordinary?.CancelPendingRead();

        public override void Complete(Exception? exception = null) => _ordinary?.Complete(exception);
    }

    private sealed class DirectWriter(DetachablePipe pipe) : PipeWriter
    {
        private readonly ArrayBufferWriter<byte> _pending = new(512);
        private PipeWriter? _ordinary;

        public override bool CanGetUnflushedBytes => true;

        public override long UnflushedBytes => _ordinary?.UnflushedBytes ?? _pending.WrittenCount;

        public override Memory<byte> GetMemory(int sizeHint = 0) => _ordinary?.GetMemory(sizeHint) ?? _pending.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => _ordinary is { } writer ? writer.GetSpan(sizeHint) : _pending.GetSpan(sizeHint);

        public override void Advance(int bytes)
        {
            if (_ordinary is { } writer)
            {
                writer.Advance(bytes);
            }
            else
            {
                _pending.Advance(bytes);
            }
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            if (_ordinary is { } writer)
            {
                return writer.FlushAsync(cancellationToken);
            }

            var status = NativeStatus.Done;
            var sent = 0;
            if (_pending.WrittenCount > 0)
            {
                lock (pipe._gate)
                {
                    if (pipe._stream is null)
                    {
                        status = pipe._released ? NativeStatus.Failed : Native.Send(pipe._fd, _pending.WrittenSpan, out sent);
                    }
                }
            }

            if (status == NativeStatus.Failed || sent == _pending.WrittenCount)
            {
                _pending.ResetWrittenCount();
                return ValueTask.FromResult(new FlushResult(isCanceled: false, isCompleted: status == NativeStatus.Failed));
            }

            // More than the kernel takes at once is no handshake's answer.
            _ordinary = Create(pipe.BecomeStream(), new StreamPipeWriterOptions(leaveOpen: true));
            _ordinary.Write(_pending.WrittenSpan[sent..]);
            _pending.ResetWrittenCount();
            return _ordinary.FlushAsync(cancellationToken);
        }

        public override void CancelPendingFlush() => _ordinary?.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => _ordinary?.Complete(exception);
    }
}
