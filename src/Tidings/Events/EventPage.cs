namespace Tidings.Events;

/// <summary>A part of a queue, and what the queue is like.</summary>
/// <param name="Events">The events, in order.</param>
/// <param name="Last">The place up to which it was read.</param>
/// <param name="Trimmed">How many events were dropped that the receiver was not told of.</param>
/// <param name="IsEnded">Whether the receiver has unsubscribed.</param>
public sealed record EventPage(IReadOnlyList<QueuedEvent> Events, EventPlace Last, long Trimmed, bool IsEnded)
{
    /// <summary>With so many bytes a part ends, also where more events were asked for.</summary>
    public const int MostBytes = 1 << 20;

    /// <summary>The place of the oldest event in the queue: those before it are not there any more. With none, a place after all.</summary>
    public EventPlace First { get; init; }

    /// <summary>How often something was erased from the queue: what was read before may be erased.</summary>
    public long Erasures { get; init; }

    /// <summary>Whether there may be more behind <see cref="Last"/>.</summary>
    public bool HasMore { get; init; }

    /// <summary>What stands there and is no event.</summary>
    public IReadOnlyList<QueuedEvent> Unreadable { get; init; } = [];

    /// <summary>A part of a queue in memory.</summary>
    internal static EventPage Of(EventQueue queue, EventPlace after, int most) =>
        Of(queue.After(after.Major).Select(static entry => (new EventPlace(entry.Place), (ReadOnlyMemory<byte>)entry.Json)), after, most, queue.Trimmed, queue.IsEnded) with { First = new EventPlace(queue.First), Erasures = queue.Erasures };

    /// <summary>A part that ends where it has enough.</summary>
    /// <param name="entries">What stands in the queue behind <paramref name="after"/>, in order.</param>
    /// <param name="after">The place behind which it begins.</param>
    /// <param name="most">The most events.</param>
    /// <param name="trimmed">How many events were dropped that the receiver was not told of.</param>
    /// <param name="isEnded">Whether the receiver has unsubscribed.</param>
    public static EventPage Of(IEnumerable<(EventPlace Place, ReadOnlyMemory<byte> Json)> entries, EventPlace after, int most, long trimmed, bool isEnded)
    {
        var events = new List<QueuedEvent>();
        List<QueuedEvent> unreadable = [];
        var (last, bytes, hasMore) = (after, 0, most == 0);
        foreach (var (place, json) in most == 0 ? [] : entries)
        {
            if (events.Count + unreadable.Count == most || bytes >= MostBytes)
            {
                hasMore = true;
                break;
            }

            (last, bytes) = (place, bytes + json.Length);
            if (QueuedEvent.Read(place, json) is { } read)
            {
                events.Add(read);
            }
            else
            {
                unreadable.Add(QueuedEvent.Unreadable(place, json));
            }
        }

        return new EventPage(events, last, trimmed, isEnded) { HasMore = hasMore, Unreadable = unreadable };
    }
}
