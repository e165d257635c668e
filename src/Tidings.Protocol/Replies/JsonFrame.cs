using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tidings.Protocol.Frames;

namespace Tidings.Protocol.Replies;

/// <summary>Writes one JSON object into one text frame.</summary>
/// <remarks>One is kept for each thread, so that writing costs the frame's own bytes alone. Not to be kept or nested.</remarks>
internal sealed class JsonFrame
{
    // Nothing is escaped that JSON does not ask for: letters of every language stay as they are.
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private const int LargestKept = 256 * 1024;

    [ThreadStatic]
    private static JsonFrame? s_own;

    private ArrayBufferWriter<byte> _buffer = new(1024);

    private JsonFrame() => Writer = new Utf8JsonWriter(_buffer, Options);

    public Utf8JsonWriter Writer { get; }

    /// <summary>Begins an object with its <c>type</c>, and the <c>id</c> of the command that it answers.</summary>
    public static JsonFrame Begin(string type, ReadOnlyMemory<byte> id = default)
    {
        var frame = Begin();
        frame.Writer.WriteString("type"u8, type);
        if (!id.IsEmpty)
        {
            frame.Raw("id"u8, id.Span);
        }

        return frame;
    }

    /// <summary>Begins an object without anything.</summary>
    public static JsonFrame Begin()
    {
        var frame = s_own ??= new JsonFrame();
        frame.Clear();
        frame.Writer.WriteStartObject();
        return frame;
    }

    /// <summary>Adds a value that is JSON already.</summary>
    public void Raw(ReadOnlySpan<byte> name, ReadOnlySpan<byte> json)
    {
        Writer.WritePropertyName(name);
        Writer.WriteRawValue(json, skipInputValidation: true);
    }

    /// <summary>Ends the object and returns it in a text frame.</summary>
    public byte[] End() => Frame.Text(EndJson());

    /// <summary>Ends the object and returns its bytes, good until the next object of this thread.</summary>
    public ReadOnlySpan<byte> EndJson()
    {
        Writer.WriteEndObject();
        Writer.Flush();
        var json = _buffer.WrittenSpan;
        if (_buffer.Capacity > LargestKept)
        {
            _buffer = new ArrayBufferWriter<byte>(1024);
        }

        Clear();
        return json;
    }

    // At the beginning too: an object whose writing failed half-way must not become the beginning of somebody else's.
    private void Clear()
    {
        _buffer.ResetWrittenCount();
        Writer.Reset(_buffer);
    }
}
