using System.Buffers;
using System.Text.Json;
using Tidings.EntityFrameworkCore.Resources;
using Tidings.Protocol.Replies;

namespace Tidings.Resources.Feed;

/// <summary>Collects the rows of one page up to a bound of bytes; one row may always be larger.</summary>
internal sealed class PageWriter : IDisposable
{
    private readonly Resource _resource;
    private readonly int _largest;
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private readonly Utf8JsonWriter _writer;

    public PageWriter(Resource resource, int largest)
    {
        (_resource, _largest) = (resource, largest);
        _writer = new Utf8JsonWriter(_buffer, JsonFrame.Options);
        _writer.WriteStartArray();
    }

    public int Count { get; private set; }

    /// <summary>The key of the last row.</summary>
    public object? LastKey { get; private set; }

    public bool IsFull => _buffer.WrittenCount + _writer.BytesPending >= _largest;

    public void Add(object?[] row)
    {
        _resource.Events.WriteRow(_writer, row);
        LastKey = row[_resource.KeyIndex];
        Count++;
    }

    /// <summary>Ends the page.</summary>
    /// <param name="isLast">Whether no row comes after it.</param>
    /// <param name="seen">What the rows have seen.</param>
    public RowPage End(bool isLast, SeenPage seen)
    {
        _writer.WriteEndArray();
        _writer.Flush();
        return new RowPage(_buffer.WrittenMemory, Count, isLast, seen with { LastKey = isLast ? null : LastKey });
    }

    public void Dispose() => _writer.Dispose();
}
