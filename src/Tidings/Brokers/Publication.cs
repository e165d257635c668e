using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Quotas;

namespace Tidings.Brokers;

/// <summary>What is to be said in a channel. Immutable.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Data">What is said; empty where a key is taken out of the state.</param>
public sealed record Publication(string Channel, MessageData Data)
{
    // A client's key, and whose it is.
    private const int LongestIdempotencyKey = 1024;

    /// <summary>What happens: a message, a key that is taken out of the state, or what is told beside channels.</summary>
    public MessageKind Kind { get; init; }

    /// <summary>The user who says it, or null.</summary>
    public string? From { get; init; }

    /// <summary>What it is about, for those who want only the newest of each; or null.</summary>
    public string? Key { get; init; }

    /// <summary>Whether the message has a place in the channel's state, or takes one away.</summary>
    public bool IsState => Key is not null && Retention.State is not null && !Ephemeral;

    /// <summary>The name of the event that it is, or null.</summary>
    public string? Event { get; init; }

    /// <summary>The connection that says it, where subscribers are told; or null.</summary>
    public string? Connection { get; init; }

    /// <summary>Whose share of histories and of idempotency keys it counts against.</summary>
    public Sender Sender { get; init; } = Sender.Server;

    /// <summary>A repeat with the same key inside one epoch and <see cref="IdempotencyWindow"/> is the first one again.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>How long the key is remembered, unless <see cref="IBroker.ReleaseAsync"/> says earlier that no repeat will come.</summary>
    public TimeSpan IdempotencyWindow { get; init; } = Retention.IdempotencyWindow;

    /// <summary>Refuse rather than accept what a crash could lose.</summary>
    public bool Durable { get; init; }

    /// <summary>No offset, not kept, not recovered.</summary>
    public bool Ephemeral { get; init; }

    /// <summary>Who does not get it live, or null.</summary>
    public ExceptList? Except { get; init; }

    /// <summary>What code of the server reads beside the data, on every node, and no wire ever shows; null for nearly all. It is kept with the
    /// message and travels with it.</summary>
    public ReadOnlyMemory<byte>? Hidden { get; init; }

    /// <summary>The span it comes from, as W3C's <c>traceparent</c>, where somebody records it; or null. It goes along to every node, and to no client.</summary>
    public string? TraceParent { get; init; }

    /// <summary>How much of the channel's log is kept from this message on.</summary>
    public Retention Retention { get; init; } = Retention.Default;

    /// <summary>Makes sure that a log can give back what it takes: its reader refuses, from anywhere, what no publisher may say.</summary>
    /// <exception cref="ArgumentException">It could not.</exception>
    internal void Check()
    {
        if (Key is not null && !MessageKey.IsValid(Key))
        {
            throw new ArgumentException($"The key of a message {MessageKey.Rule}.");
        }

        if (Event is not null && !EventName.IsValid(Event))
        {
            throw new ArgumentException($"The name of a message's event {EventName.Rule}.");
        }

        if (IdempotencyKey is { Length: 0 or > LongestIdempotencyKey })
        {
            throw new ArgumentException($"The idempotency key of a message must have 1 to {LongestIdempotencyKey} characters.");
        }
    }

    /// <summary>The message that it becomes.</summary>
    /// <param name="position">Where it stands in the log; default where it is <see cref="Ephemeral"/>.</param>
    /// <param name="time">Unix milliseconds by the clock that the nodes share.</param>
    public Message ToMessage(StreamPosition position, long time) => new()
    {
        Kind = Kind,
        Channel = Channel,
        Position = position,
        Time = time,
        Data = Data,
        From = From,
        Key = Key,
        Event = Event,
        Connection = Connection,
        Except = Except,
        Hidden = Hidden,
        TraceParent = TraceParent,
    };

    /// <summary>All of it that a log keeps, as bytes; <see cref="ReadMessage"/> reads them.</summary>
    public byte[] ToBytes() => LogEntry.Encode(this);

    /// <summary>Reads what <see cref="ToBytes"/> has written.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="position">Where it stands in the log.</param>
    /// <param name="time">When it was accepted, in Unix milliseconds.</param>
    /// <param name="bytes">The bytes, which are not changed any more.</param>
    /// <returns>Null where no publication has become these bytes: whatever is in them, nothing else happens.</returns>
    public static Message? ReadMessage(string channel, StreamPosition position, long time, ReadOnlyMemory<byte> bytes) => LogEntry.Decode(channel, position, time, bytes);

    /// <summary>What was to be said for a message to be there.</summary>
    internal static Publication Of(Message message) => new(message.Channel, message.Data)
    {
        Kind = message.Kind,
        From = message.From,
        Key = message.Key,
        Event = message.Event,
        Connection = message.Connection,
        Except = message.Except,
        Hidden = message.Hidden,
        TraceParent = message.TraceParent,
    };
}

/// <summary>How much of a channel's log is kept.</summary>
/// <param name="Size">Messages; 0 keeps none.</param>
/// <param name="Age">How long each is kept.</param>
public sealed record Retention(int Size, TimeSpan Age)
{
    /// <summary>What the channel's state may be; null where it has none.</summary>
    public StateBounds? State { get; init; }

    /// <summary>That of kinds that say nothing: 100 messages for an hour.</summary>
    public static readonly Retention Default = new(100, TimeSpan.FromHours(1));

    /// <summary>How long idempotency keys are remembered where nothing else is said.</summary>
    public static readonly TimeSpan IdempotencyWindow = TimeSpan.FromMinutes(5);
}

/// <summary>What the state of a channel may be: the newest message of each key, whatever its age. Over it publishing is refused.</summary>
/// <param name="Keys">How many keys.</param>
/// <param name="Bytes">Of their data, in sum.</param>
public sealed record StateBounds(int Keys, long Bytes);

/// <summary>What of a log is wanted: what came after a position, what came just before one, or the newest.</summary>
/// <param name="Since">The position, or null.</param>
/// <param name="Last">How many of the newest, where there is no position.</param>
/// <param name="Limit">The most messages to return; null is no limit.</param>
public readonly record struct HistoryRequest(StreamPosition? Since, int Last, int? Limit = null)
{
    /// <summary>Before which message the part ends; it then has at most <see cref="Limit"/> messages. Not beside the others.</summary>
    public StreamPosition? Before { get; init; }

    /// <summary>Whether the oldest messages that are kept are wanted, at most <see cref="Limit"/>, and <see cref="Last"/> says nothing.</summary>
    public bool Oldest { get; private init; }

    /// <summary>The oldest messages that are kept.</summary>
    /// <param name="limit">The most messages.</param>
    public static HistoryRequest FromOldest(int limit) => new(null, int.MaxValue, limit) { Oldest = true };

    /// <summary>Whether the channel's state is wanted besides.</summary>
    public bool State { get; init; }

    /// <summary>The messages just before a position.</summary>
    /// <param name="before">The position.</param>
    /// <param name="limit">The most messages.</param>
    public static HistoryRequest Backwards(StreamPosition before, int limit) => new(null, 0, limit) { Before = before };
}

/// <summary>A part of a channel's log.</summary>
/// <param name="Top">The position of the newest message there is.</param>
/// <param name="Recovered">Whether what lies next to the position asked for is there: all that came after it, or the message just before it, unless there never was one. True where none was asked for.</param>
/// <param name="Messages">The messages in order, without holes; empty where not recovered.</param>
public sealed record HistoryPart(StreamPosition Top, bool Recovered, IReadOnlyList<Message> Messages)
{
    /// <summary>Nothing, of no log.</summary>
    public static readonly HistoryPart None = new(default, Recovered: true, []);

    /// <summary>The state at <see cref="Top"/>, as <see cref="StatePart.Cut"/> has it, where it was wanted; else empty.</summary>
    public IReadOnlyList<Message> State { get; init; } = [];

    /// <summary>The position after which <see cref="Messages"/> go on.</summary>
    public StreamPosition Start => Messages.Count > 0 ? Top with { Offset = Messages[0].Offset - 1 } : Top;
}
