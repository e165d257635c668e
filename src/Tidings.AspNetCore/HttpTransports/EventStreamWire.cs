using System.Globalization;
using System.IO.Pipelines;
using Tidings.Lanes;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Positions;

namespace Tidings.AspNetCore.HttpTransports;

/// <summary>Server-Sent Events: each text frame is written as one event, a ping as a comment, a close frame as <c>disconnecting</c>.</summary>
/// <remarks>The data are the very bytes that WebSockets share; only the <c>id:</c> line is the reader's own, and is made where it is written.
/// Where there are no positions, nothing but the end has an id, and no event of its own.</remarks>
internal sealed class EventStreamWire(PipeWriter output, ReaderPosition? position, int retryMilliseconds, PoolLane lane, Action abort)
    : StreamingWire(output, lane, abort)
{
    protected override void Begin()
    {
        Put("retry: "u8);
        WriteNumber(retryMilliseconds);
        Put("\n"u8);
    }

    protected override void Write(ReadOnlySpan<byte> payload, Opcode opcode)
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

    private void WriteNumber(int number)
    {
        Span<byte> digits = stackalloc byte[11];
        number.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
        Put(digits[..length]);
    }
}
