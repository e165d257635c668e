using System.IO.Pipelines;
using Tidings.Connections;
using Tidings.Lanes;
using Tidings.Protocol.Frames;
using FlushResult = Tidings.Connections.FlushResult;
using PipeFlushResult = System.IO.Pipelines.FlushResult;

namespace Tidings.AspNetCore.HttpTransports;

/// <summary>A response that goes on: each frame of the connection is written as its form says, as fast as the client reads.</summary>
internal abstract class StreamingWire(PipeWriter output, PoolLane lane, Action abort) : ResponseWire(lane, abort)
{
    // What is taken from the queue at once. The rest waits where it is counted.
    private const int LeastMemory = 256;
    private const int LargestWrite = 64 * 1024;

    private bool _begun;
    private bool _writing;

    public override TransportKind Transport => TransportKind.ServerSentEvents;

    protected override bool IsUnfinished => _writing;

    public override FlushResult Flush(ref OutboundQueue queue)
    {
        while (queue.Count > 0)
        {
            if (_writing)
            {
                return FlushResult.Blocked;
            }

            Fill(ref queue);
            var flush = output.FlushAsync(CancellationToken.None);
            if (!flush.IsCompleted)
            {
                _writing = true;
                _ = FinishFlushAsync(flush);
                return FlushResult.Blocked;
            }

#pragma warning disable VSTHRD002 // It has completed.
            if (!flush.IsCompletedSuccessfully || flush.Result.IsCompleted)
#pragma warning restore VSTHRD002
            {
                return FlushResult.Broken;
            }
        }

        return _writing ? FlushResult.Blocked : FlushResult.Drained;
    }

    /// <summary>Writes what comes before everything else.</summary>
    protected abstract void Begin();

    /// <summary>Writes a frame, by <see cref="Put"/>.</summary>
    protected abstract void Write(ReadOnlySpan<byte> payload, Opcode opcode);

    // Of a response that has ended the writer has no memory unless some is asked for; what is written there goes nowhere.
    protected void Put(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var memory = output.GetSpan(Math.Min(bytes.Length, LeastMemory));
            var count = Math.Min(bytes.Length, memory.Length);
            bytes[..count].CopyTo(memory);
            output.Advance(count);
            bytes = bytes[count..];
        }
    }

    private void Fill(ref OutboundQueue queue)
    {
        if (!_begun)
        {
            _begun = true;
            Begin();
        }

        var taken = 0;
        while (queue.Count > 0 && taken < LargestWrite)
        {
            var frames = queue.HeadMemory;
            taken += frames.Length;
            queue.Advance(frames.Length);
            while (!frames.IsEmpty)
            {
                Write(Frame.Next(ref frames, out var opcode).Span, opcode);
            }
        }
    }

    private async Task FinishFlushAsync(ValueTask<PipeFlushResult> flush)
    {
        var broken = false;
        try
        {
            broken = (await flush.ConfigureAwait(false)).IsCompleted;
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            broken = true;
        }

        // Always in a later round: a flush that ends while it is being looked at would otherwise go on inside the one that waits for it.
        Lane.Post(broken ? Flushed.Broken : Flushed.Whole, this);
    }

    private sealed class Flushed(bool broken) : ILaneWork
    {
        public static readonly Flushed Whole = new(broken: false);
        public static readonly Flushed Broken = new(broken: true);

        public void Run(object? argument)
        {
            var wire = (StreamingWire)argument!;
            wire._writing = false;
            if (broken)
            {
                wire.Connection!.Lost();
            }
            else
            {
                wire.Connection!.Flush();
            }
        }
    }
}
