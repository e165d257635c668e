using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Tidings.Lanes;

namespace Tidings.Connections;

/// <summary>A connection over the stream that a server gives after the handshake: TLS, HTTP/2, other systems than Linux, tests.</summary>
/// <remarks>Between two messages it holds no buffer, where the stream can wait for data by a read of zero bytes.</remarks>
internal sealed class StreamWire(Stream stream, PoolLane lane, Action abort) : Wire, IDisposable
{
    private const int ReadSize = 16 * 1024;
    private const int LargestWrite = 64 * 1024;

    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource? _resume;
    private byte[]? _gathered;
    private bool _writing;
    private bool _outputEnded;

    /// <summary>Ends when the connection is done with the stream.</summary>
    public Task Completion => _completion.Task;

    private Connection? Connection { get; set; }

    public override void Start(Connection connection)
    {
        Connection = connection;
        _ = ReadAllAsync(connection);
    }

    public override FlushResult Flush(ref OutboundQueue queue)
    {
        while (queue.Count > 0)
        {
            if (_writing)
            {
                return FlushResult.Blocked;
            }

            ValueTask write;
            try
            {
                write = stream.WriteAsync(Gather(ref queue), _stop.Token);
            }
            catch (Exception error) when (IsTransportError(error))
            {
                return FlushResult.Broken;
            }

            if (!write.IsCompletedSuccessfully)
            {
                _writing = true;
                _ = FinishWriteAsync(write);
                return FlushResult.Blocked;
            }

            // Consumes it, and costs nothing where it is done.
            _ = write.AsTask();
            ReturnGathered();
        }

        return _writing ? FlushResult.Blocked : FlushResult.Drained;
    }

    public override void SetReading(bool reading)
    {
        if (reading)
        {
            _resume?.TrySetResult();
            _resume = null;
        }
        else
        {
            _resume ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public override bool TryEndOutput()
    {
        _outputEnded = true;
        return false;
    }

    public override void Close()
    {
        _resume?.TrySetResult();
        if (!_outputEnded || _writing)
        {
            abort();
        }

        _stop.Cancel();
        Dispose();
        _completion.TrySetResult();
    }

    public void Dispose() => _stop.Dispose();

    private static bool IsTransportError(Exception error) =>
        error is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException;

    private async Task ReadAllAsync(Connection connection)
    {
        while (true)
        {
            if (_resume is { } resume)
            {
                await resume.Task.ConfigureAwait(false);
            }

            byte[]? buffer = null;
            var read = 0;
            var broken = false;
            try
            {
                await stream.ReadAsync(Memory<byte>.Empty, _stop.Token).ConfigureAwait(false);
                buffer = ArrayPool<byte>.Shared.Rent(ReadSize);
                read = await stream.ReadAsync(buffer, _stop.Token).ConfigureAwait(false);
            }
            catch (Exception error) when (IsTransportError(error))
            {
                broken = true;
            }

            await new SwitchTo(lane);
            if (connection.State != ConnectionState.Closed)
            {
                if (broken)
                {
                    connection.Lost();
                }
                else if (read == 0)
                {
                    connection.EndOfInput();
                }
                else
                {
                    connection.Receive(buffer.AsSpan(0, read));
                }
            }

            if (buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            if (read == 0 || connection.State == ConnectionState.Closed)
            {
                return;
            }
        }
    }

    private async Task FinishWriteAsync(ValueTask write)
    {
        var broken = false;
        try
        {
            await write.ConfigureAwait(false);
        }
        catch (Exception error) when (IsTransportError(error))
        {
            broken = true;
        }

        await new SwitchTo(lane);
        _writing = false;
        ReturnGathered();
        if (broken)
        {
            Connection!.Lost();
        }
        else
        {
            Connection!.Flush();
        }
    }

    // A frame alone is written where it lies; several are put together, so that one write carries them.
    private ReadOnlyMemory<byte> Gather(ref OutboundQueue queue)
    {
        var head = queue.HeadMemory;
        if (queue.Count == 1 || head.Length >= LargestWrite)
        {
            queue.Advance(head.Length);
            return head;
        }

        _gathered = ArrayPool<byte>.Shared.Rent(Math.Min(queue.Bytes, LargestWrite));
        var length = 0;
        while (queue.Count > 0 && length + queue.Head.Length <= _gathered.Length)
        {
            var frame = queue.Head;
            frame.CopyTo(_gathered.AsSpan(length));
            length += frame.Length;
            queue.Advance(frame.Length);
        }

        return _gathered.AsMemory(0, length);
    }

    private void ReturnGathered()
    {
        if (_gathered is { } gathered)
        {
            _gathered = null;
            ArrayPool<byte>.Shared.Return(gathered);
        }
    }

    /// <summary>Goes on in the lane's turn.</summary>
    private readonly struct SwitchTo(PoolLane lane) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => false;

        public SwitchTo GetAwaiter() => this;

        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation) => lane.PostAndRun(Continue.Instance, continuation);

        [SuppressMessage("Performance", "CA1822:Mark members as static", Justification = "The shape of an awaiter.")]
        public void GetResult()
        {
        }
    }

    private sealed class Continue : ILaneWork
    {
        public static readonly Continue Instance = new();

        public void Run(object? argument) => ((Action)argument!)();
    }
}
