using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Tidings.AspNetCore.HttpTransports;
using Tidings.Lanes;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Replies;
using Tidings.Streams;

namespace Tidings.AspNetCore.Streams;

/// <summary>A stream as Server-Sent Events (PROTOCOL.md §5.8): after each event with data one that says where to go on.</summary>
/// <param name="streams">The streams.</param>
/// <param name="name">Which.</param>
/// <param name="head">As it was when it was found.</param>
/// <param name="cursor">Makes cursors.</param>
internal sealed class StreamEventFrames(StreamEngine streams, string name, StreamHead head, Func<string> cursor) : IStreamFrames
{
    // So much is in one event.
    private const int MostBytes = 48 * 1024;

    private readonly bool _isText = StreamContentType.IsText(head.ContentType);
    private bool _begun;

    public string Name => name;

    public async ValueTask<StreamFrame?> NextAsync(long from, CancellationToken cancellationToken)
    {
        if (await streams.ReadAsync(name, from, MostBytes, cancellationToken).ConfigureAwait(false) is not { Head.IsGone: false } part || part.Head.Tag != head.Tag)
        {
            // It is found out by who asks again.
            return new StreamFrame(Frame.Text(":\n\n"u8), from, IsLast: true);
        }

        var bytes = part.Bytes;
        if (_isText && !part.Head.IsJson && !part.IsEnd)
        {
            bytes = bytes[..Utf8Cut.WholeLength(bytes.Span)];
            if (bytes.Span is [.., (byte)'\r'])
            {
                // Its line feed may be what comes next: events would show two line breaks.
                bytes = bytes[..^1];
            }
        }

        var shown = part with { Bytes = bytes };
        if (bytes.IsEmpty && _begun && !shown.IsEnd)
        {
            return null;
        }

        _begun = true;
        var events = new ArrayBufferWriter<byte>(bytes.Length + 256);
        if (!bytes.IsEmpty)
        {
            PutData(events, shown);
        }

        PutControl(events, shown, isUpToDate: part.IsUpToDate);
        return new StreamFrame(Frame.Text(events.WrittenSpan), shown.Next, shown.IsEnd) { IsUpToDate = shown is { IsUpToDate: true, IsEnd: false } };
    }

    private void PutData(ArrayBufferWriter<byte> events, StreamPart part)
    {
        events.Write("event: data\n"u8);
        if (!_isText)
        {
            events.Write("data:"u8);
            var text = events.GetSpan(Base64.GetMaxEncodedToUtf8Length(part.Bytes.Length));
            Base64.EncodeToUtf8(part.Bytes.Span, text, out _, out var written);
            events.Advance(written);
            events.Write("\n\n"u8);
            return;
        }

        // Bytes that are no UTF-8 become U+FFFD; who wants them as they are reads without events.
        ReadOnlySpan<byte> rest = part.Head.IsJson ? StreamJson.Join(part.Bytes.Span) : System.Text.Unicode.Utf8.IsValid(part.Bytes.Span) ? part.Bytes.Span : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(part.Bytes.Span));
        while (true)
        {
            var end = rest.IndexOfAny((byte)'\r', (byte)'\n');

            // Readers take one space away.
            events.Write(rest is [(byte)' ', ..] ? "data: "u8 : "data:"u8);
            events.Write(end < 0 ? rest : rest[..end]);
            events.Write("\n"u8);
            if (end < 0)
            {
                break;
            }

            rest = rest[(end + (rest[end] == (byte)'\r' && end + 1 < rest.Length && rest[end + 1] == (byte)'\n' ? 2 : 1))..];
        }

        events.Write("\n"u8);
    }

    private void PutControl(ArrayBufferWriter<byte> events, StreamPart part, bool isUpToDate)
    {
        var json = JsonFrame.Begin();
        json.Writer.WriteString("streamNextOffset"u8, StreamOffset.Format(part.Head, part.Next));
        if (!part.IsEnd)
        {
            json.Writer.WriteString("streamCursor"u8, cursor());
        }

        if (isUpToDate)
        {
            json.Writer.WriteBoolean("upToDate"u8, true);
        }

        if (part.IsEnd)
        {
            json.Writer.WriteBoolean("streamClosed"u8, true);
        }

        events.Write("event: control\ndata:"u8);
        events.Write(json.EndJson());
        events.Write("\n\n"u8);
    }
}

/// <summary>Events that are written as they come.</summary>
internal sealed class RawEventWire(System.IO.Pipelines.PipeWriter output, PoolLane lane, Action abort) : StreamingWire(output, lane, abort)
{
    protected override void Begin()
    {
    }

    protected override void Write(ReadOnlySpan<byte> payload, Opcode opcode) => Put(opcode == Opcode.Text ? payload : ":\n\n"u8);
}
