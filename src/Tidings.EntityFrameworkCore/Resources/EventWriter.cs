using System.Buffers;
using System.Text.Json;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.Protocol.Replies;

namespace Tidings.EntityFrameworkCore.Resources;

/// <summary>Writes what happened to a row: what everybody may see, and beside it what feeds decide by.</summary>
internal sealed class EventWriter(Resource resource)
{
    private const int LargestHidden = 48 * 1024;

    public OutboxEvent Created(object?[] after) => Make(RowChange.Create, null, after, knowsBefore: true);

    public OutboxEvent Updated(object?[] before, object?[] after) => Make(RowChange.Update, before, after, knowsBefore: true);

    public OutboxEvent Deleted(object?[] before) => Make(RowChange.Delete, before, null, knowsBefore: true);

    /// <summary>A change of which only the outcome is known.</summary>
    /// <param name="key">The row's key.</param>
    /// <param name="now">The row; null where there is none any more.</param>
    public OutboxEvent Found(object key, object?[]? now)
    {
        if (now is not null)
        {
            return Make(RowChange.Update, null, now, knowsBefore: false);
        }

        var before = new object?[resource.Columns.Count];
        before[resource.KeyIndex] = key;
        return Make(RowChange.Delete, before, null, knowsBefore: false);
    }

    /// <summary>Writes the shown members of a row as an object.</summary>
    public void WriteRow(Utf8JsonWriter writer, object?[] row)
    {
        writer.WriteStartObject();
        for (var i = 0; i < resource.Columns.Count; i++)
        {
            var column = resource.Columns[i];
            if (column.IsShown)
            {
                writer.WritePropertyName(column.JsonName);
                column.Write(writer, row[i]);
            }
        }

        writer.WriteEndObject();
    }

    /// <summary>Writes an event as subscribers see it.</summary>
    public byte[] Write(RowChange change, object?[] row)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, JsonFrame.Options))
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, change switch { RowChange.Create => "create"u8, RowChange.Update => "update"u8, _ => "delete"u8 });
            writer.WriteString("resource"u8, resource.Name);
            writer.WritePropertyName("id"u8);
            resource.Key.Write(writer, row[resource.KeyIndex]);
            if (change != RowChange.Delete)
            {
                writer.WritePropertyName("data"u8);
                WriteRow(writer, row);
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private OutboxEvent Make(RowChange change, object?[]? before, object?[]? after, bool knowsBefore)
    {
        var row = after ?? before!;
        var hidden = Hide(change, before, after, knowsBefore);

        // A broker bounds it. Who sees only some rows then looks at them anew.
        return new OutboxEvent(
            resource.Channel, Resource.KeyText(row[resource.KeyIndex]!), Write(change, row), hidden.Length <= LargestHidden ? hidden : Hide(change, null, null, knowsBefore: false));
    }

    private byte[] Hide(RowChange change, object?[]? before, object?[]? after, bool knowsBefore)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, JsonFrame.Options))
        {
            writer.WriteStartObject();
            writer.WriteString("s"u8, resource.Shape);
            writer.WriteNumber("t"u8, (int)change);
            writer.WriteBoolean("k"u8, knowsBefore);
            WriteValues(writer, "b"u8, before);
            WriteValues(writer, "a"u8, after);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private void WriteValues(Utf8JsonWriter writer, ReadOnlySpan<byte> name, object?[]? values)
    {
        if (values is null)
        {
            return;
        }

        writer.WriteStartArray(name);
        for (var i = 0; i < values.Length; i++)
        {
            resource.Columns[i].Write(writer, values[i]);
        }

        writer.WriteEndArray();
    }
}

/// <summary>What happened to a row.</summary>
internal enum RowChange
{
    Create,
    Update,
    Delete,
}
