using System.Buffers;
using System.Text.Json;
using Tidings.EntityFrameworkCore.Resources;
using Tidings.Protocol;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Replies;

namespace Tidings.EntityFrameworkCore.Feed;

/// <summary>Writes <c>initial</c>: the rows there are, in as many messages as they need; all but the last say that there is more.</summary>
internal sealed class InitialRows : IDisposable
{
    private readonly Resource _resource;
    private readonly StreamPosition _position;
    private readonly string? _snapshot;
    private readonly int _largest;
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private readonly Utf8JsonWriter _writer;

    /// <param name="resource">Whose rows.</param>
    /// <param name="position">Where events go on.</param>
    /// <param name="snapshot">What has been seen besides, or null.</param>
    /// <param name="largest">About how large one message may be; one row may always be larger.</param>
    public InitialRows(Resource resource, StreamPosition position, string? snapshot, int largest)
    {
        _resource = resource;
        _position = position;
        _snapshot = snapshot;
        _largest = largest;
        _writer = new Utf8JsonWriter(_buffer, JsonFrame.Options);
        Begin();
    }

    /// <summary>Whether what was written is enough for one message.</summary>
    public bool IsFull => _buffer.WrittenCount + _writer.BytesPending >= _largest;

    public void Add(object?[] row) => _resource.Events.WriteRow(_writer, row);

    /// <summary>Ends a message and begins the next.</summary>
    public byte[] Take(bool isLast)
    {
        _writer.WriteEndArray();
        _writer.WriteString("key"u8, _resource.Key.JsonName);
        _writer.WriteString("epoch"u8, _position.Epoch);
        _writer.WriteNumber("offset"u8, _position.Offset);
        if (_snapshot is not null)
        {
            _writer.WriteString("snapshot"u8, _snapshot);
        }

        if (!isLast)
        {
            _writer.WriteBoolean("more"u8, true);
        }

        _writer.WriteEndObject();
        _writer.Flush();
        var frame = Frame.Text(_buffer.WrittenSpan);
        _buffer.ResetWrittenCount();
        _writer.Reset(_buffer);
        if (!isLast)
        {
            Begin();
        }

        return frame;
    }

    public void Dispose() => _writer.Dispose();

    private void Begin()
    {
        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "initial"u8);
        _writer.WriteString("resource"u8, _resource.Name);
        _writer.WriteStartArray("data"u8);
    }
}
