using System.Buffers.Binary;
using System.Text.Json;
using Tidings.Messages;

namespace Tidings.EntityFrameworkCore.Resources;

/// <summary>What a message of a resource's channel says to feeds.</summary>
/// <param name="Change">What happened.</param>
/// <param name="Transaction">In which transaction of the database; 0 where it has no numbers for them.</param>
/// <param name="Row">The outbox row that it was; 0 where it was none.</param>
/// <param name="Before">The row before; null where there was none.</param>
/// <param name="After">The row after; null where there is none.</param>
/// <param name="KnowsBefore">Whether <paramref name="Before"/> is true; otherwise only <paramref name="After"/> is.</param>
internal sealed record RowEvent(RowChange Change, ulong Transaction, long Row, object?[]? Before, object?[]? After, bool KnowsBefore)
{
    private const int HeaderLength = 16;

    /// <summary>What goes with a message of an outbox row.</summary>
    public static byte[] Seal(long transaction, long row, byte[] hidden)
    {
        var bytes = new byte[HeaderLength + hidden.Length];
        BinaryPrimitives.WriteInt64BigEndian(bytes, transaction);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(8), row);
        hidden.CopyTo(bytes, HeaderLength);
        return bytes;
    }

    /// <summary>Transaction and outbox row alone.</summary>
    /// <returns>Null where the message is none of an outbox.</returns>
    public static (ulong Transaction, long Row)? Origin(Message message) => message.Hidden is { Length: > HeaderLength } hidden
        ? (BinaryPrimitives.ReadUInt64BigEndian(hidden.Span), BinaryPrimitives.ReadInt64BigEndian(hidden.Span[8..]))
        : null;

    /// <summary>The key of the row that a message of an outbox tells of, as everybody may see it; null where it has none of this resource's.</summary>
    public static object? KeyOf(Message message, Resource resource)
    {
        try
        {
            using var json = JsonDocument.Parse(message.Data.Bytes);
            return resource.Key.Read(json.RootElement.GetProperty("id"));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Reads what <see cref="Seal"/> made. What comes from a broker is looked at as what comes from anywhere.</summary>
    /// <returns>Null where the message is none of this resource, or of another shape of it.</returns>
    public static RowEvent? Read(Message message, Resource resource)
    {
        if (Origin(message) is not { } origin)
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(message.Hidden!.Value[HeaderLength..]);
            var root = json.RootElement;
            if (root.GetProperty("s").GetString() != resource.Shape)
            {
                return null;
            }

            var change = (RowChange)root.GetProperty("t").GetInt32();
            return Enum.IsDefined(change)
                ? new RowEvent(change, origin.Transaction, origin.Row, Values(root, "b", resource), Values(root, "a", resource), root.GetProperty("k").GetBoolean())
                : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or NotSupportedException)
        {
            return null;
        }
    }

    private static object?[]? Values(JsonElement root, string name, Resource resource)
    {
        if (!root.TryGetProperty(name, out var array))
        {
            return null;
        }

        if (array.GetArrayLength() != resource.Columns.Count)
        {
            throw new JsonException();
        }

        var values = new object?[resource.Columns.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = array[i].ValueKind == JsonValueKind.Null ? null : resource.Columns[i].Read(array[i]);
        }

        return values;
    }
}
