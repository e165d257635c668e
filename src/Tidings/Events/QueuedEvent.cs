using System.Text.Json;
using Tidings.Messages;

namespace Tidings.Events;

/// <summary>An event as it waits in a queue: its JSON, and what keeps it in order.</summary>
public sealed class QueuedEvent
{
    // The object of the event and that of its data are around what somebody said.
    private const int MaxDepth = JsonPayload.MaxDepth + 2;

    private QueuedEvent(EventPlace place, ReadOnlyMemory<byte> json, string id, long time, string[] keys, string source)
    {
        Place = place;
        Json = json;
        Id = id;
        Time = time;
        Keys = keys;
        Source = source;
    }

    /// <summary>Where it is in its queue; nowhere where it is told beside the queue.</summary>
    public EventPlace Place { get; }

    /// <summary>The event as JSON.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    internal string Id { get; }

    /// <summary>When it happened, in Unix milliseconds.</summary>
    internal long Time { get; }

    /// <summary>Of two events with a key in common, the second waits for the first.</summary>
    internal string[] Keys { get; }

    /// <summary>By whom the event came about: a user, else a connection, else the channel.</summary>
    internal string Source { get; }

    /// <summary>What stands in a queue and is no event.</summary>
    /// <param name="place">Where.</param>
    /// <param name="bytes">What it is.</param>
    public static QueuedEvent Unreadable(EventPlace place, ReadOnlyMemory<byte> bytes) => new(place, bytes, "", 0, [], "");

    /// <summary>The event as JSON, however deep what was said is nested.</summary>
    internal JsonDocument Parse() => JsonDocument.Parse(Json, new JsonDocumentOptions { MaxDepth = MaxDepth });

    /// <summary>Reads an event.</summary>
    /// <param name="place">Where it stands.</param>
    /// <param name="json">Its JSON.</param>
    /// <returns>Null where the bytes are no event.</returns>
    public static QueuedEvent? Read(EventPlace place, ReadOnlyMemory<byte> json)
    {
        string? id = null, type = null, channel = null, user = null, connection = null;
        long? time = null;
        try
        {
            var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.ValueTextEquals("id"u8) ? 'i' : reader.ValueTextEquals("type"u8) ? 'y' : reader.ValueTextEquals("time"u8) ? 't'
                    : reader.ValueTextEquals("channel"u8) ? 'c' : reader.ValueTextEquals("user"u8) ? 'u' : reader.ValueTextEquals("connection"u8) ? 'n' : ' ';
                reader.Read();
                switch (name)
                {
                    case 'i': id = reader.GetString(); break;
                    case 'y': type = reader.GetString(); break;
                    case 't': time = reader.GetInt64(); break;
                    case 'c': channel = reader.GetString(); break;
                    case 'u': user = reader.GetString(); break;
                    case 'n': connection = reader.GetString(); break;
                    default: reader.Skip(); break;
                }
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }

        return id is null || type is null || time is null ? null : new QueuedEvent(place, json, id, time.Value, KeysOf(channel, user, connection), SourceOf(channel, user, connection));
    }

    private static string SourceOf(string? channel, string? user, string? connection) => user is not null ? "u" + user : connection is not null ? "n" + connection : "c" + channel;

    private static string[] KeysOf(string? channel, string? user, string? connection) => (channel, user, connection) switch
    {
        ({ } c, { } u, _) => ["c" + c, "u" + u],
        ({ } c, null, _) => ["c" + c],
        (null, { } u, _) => ["u" + u],
        (null, null, { } n) => ["n" + n],
        _ => [],
    };
}

/// <summary>A place in a queue. Later ones are greater.</summary>
/// <param name="Major">What is compared first.</param>
/// <param name="Minor">What is compared where that is equal.</param>
public readonly record struct EventPlace(long Major, long Minor = 0) : IComparable<EventPlace>
{
    /// <inheritdoc/>
    public int CompareTo(EventPlace other) => Major == other.Major ? Minor.CompareTo(other.Minor) : Major.CompareTo(other.Major);

    /// <summary>Whether a place comes before another.</summary>
    /// <param name="left">The one.</param>
    /// <param name="right">The other.</param>
    public static bool operator <(EventPlace left, EventPlace right) => left.CompareTo(right) < 0;

    /// <summary>Whether a place comes before another, or is the same.</summary>
    /// <param name="left">The one.</param>
    /// <param name="right">The other.</param>
    public static bool operator <=(EventPlace left, EventPlace right) => left.CompareTo(right) <= 0;

    /// <summary>Whether a place comes after another.</summary>
    /// <param name="left">The one.</param>
    /// <param name="right">The other.</param>
    public static bool operator >(EventPlace left, EventPlace right) => left.CompareTo(right) > 0;

    /// <summary>Whether a place comes after another, or is the same.</summary>
    /// <param name="left">The one.</param>
    /// <param name="right">The other.</param>
    public static bool operator >=(EventPlace left, EventPlace right) => left.CompareTo(right) >= 0;
}
