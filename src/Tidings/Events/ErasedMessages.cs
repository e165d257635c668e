using System.Text.Json;
using Tidings.Messages;
using Tidings.Options;
using Tidings.Protocol;

namespace Tidings.Events;

/// <summary>Messages that were erased: they are told to nobody any more.</summary>
/// <param name="Channel">Where they were said.</param>
/// <param name="Position">Which one; null for all up to the erasing.</param>
/// <param name="Epoch">Of the log that has begun then, where all were erased: its messages are others.</param>
public readonly record struct ErasedMessages(string Channel, StreamPosition? Position, string? Epoch = null)
{
    internal bool Has(Message message) => message.Channel == Channel && (Position is { } position ? message.Position == position : message.Epoch != Epoch);

    /// <summary>Whether an event tells of one of them.</summary>
    /// <param name="one">The event.</param>
    public bool Has(QueuedEvent one)
    {
        if (!Array.Exists(one.Keys, static key => key[0] == 'c') || one.Keys[0] != "c" + Channel)
        {
            return false;
        }

        using var json = one.Parse();
        var root = json.RootElement;
        if (root.GetProperty("type"u8).GetString() != EventNames.Of(EventType.MessagePublished) || !root.TryGetProperty("data"u8, out var data))
        {
            return false;
        }

        var epoch = data.TryGetProperty("epoch"u8, out var named) && named.ValueKind == JsonValueKind.String ? named.GetString() : null;
        return Position is { } position
            ? epoch == position.Epoch && data.TryGetProperty("offset"u8, out var offset) && offset.ValueKind == JsonValueKind.Number && offset.TryGetInt64(out var number) && number == position.Offset
            : epoch is null || epoch != Epoch;
    }
}
