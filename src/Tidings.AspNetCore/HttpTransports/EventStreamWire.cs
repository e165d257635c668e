using System.Globalization;
using System.IO.Pipelines;
using Tidings.Connections;
using Tidings.Lanes;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Positions;
using FlushResult = Tidings.Connections.FlushResult;
using PipeFlushResult = System.IO.Pipelines.FlushResult;

namespace Tidings.AspNetCore.HttpTransports;

/// <summary>Server-Sent Events: each text frame is written as one event, a ping as a comment, a close frame as <c>disconnecting</c>.</summary>
/// <remarks>The data are the very bytes that WebSockets share; only the <c>id:</c> line is the reader's own, and is made where it is written.
/// Where there are no positions, nothing but the end has an id, and no event of its own.</remarks>
internal sealed class EventStreamWire(PipeWriter output, ReaderPosition? position, int retryMilliseconds, PoolLane lane, Action abort)
    : ResponseWire(lane, abort)
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

    private void Fill(ref OutboundQueue queue)
    {
        if (!_begun)
        {
            _begun = true;
            Put("retry: "u8);
            WriteNumber(retryMilliseconds);
            Put("\n"u8);
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

    private void Write(ReadOnlySpan<byte> payload, Opcode opcode)
    {
        switch (opcode)
        {
            case Opcode.Text:
                position?.Note(payload);
                WriteEvent(payload, position is { IsKnown: true } ? position.Text : default);
                break;
            case Opcode.Close:
                var (code, comesBack) = StreamEnd.Read(payload);
                if (position is null)
                {
                    Put(comesBack ? ":\n\n"u8 : StreamEnd.FinalEvent);
                    break;
                }

                WriteEvent(StreamEnd.Json(code), comesBack ? position.IsKnown ? position.Text : default : StreamEnd.FinalId);
                break;
            default:
                Put(":\n\n"u8);
                break;
        }
    }

    private void WriteEvent(ReadOnlySpan<byte> json, ReadOnlySpan<byte> id)
    {
        Put("data: "u8);

        // No JSON of ours has line breaks. One that came from elsewhere with some still is one event, and the same value.
        int end;
        while ((end = json.IndexOfAny((byte)'\r', (byte)'\n')) >= 0)
        {
            Put(json[..end]);
            Put(" "u8);
            json = json[(end + 1)..];
        }

        Put(json);
        if (!id.IsEmpty)
        {
            Put("\nid: "u8);
            Put(id);
        }

        Put("\n\n"u8);
    }

    // Of a response that has ended the writer has no memory unless some is asked for; what is written there goes nowhere.
    private void Put(ReadOnlySpan<byte> bytes)
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

    private void WriteNumber(int number)
    {
        Span<byte> digits = stackalloc byte[11];
        number.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
        Put(digits[..length]);
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
            var wire = (EventStreamWire)argument!;
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
