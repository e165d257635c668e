using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Quotas;

namespace Tidings.Brokers;

/// <summary>What is to be said in a channel.</summary>
internal sealed record Publication(string Channel, MessageData Data)
{
    // A client's key, and whose it is.
    private const int LongestIdempotencyKey = 1024;

    public MessageKind Kind { get; init; }
    public string? From { get; init; }
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

    /// <summary>Said in passing: no offset, not kept, not recovered.</summary>
    public bool Ephemeral { get; init; }

    /// <summary>Who does not get it live, or null.</summary>
    public ExceptList? Except { get; init; }

    /// <summary>What code of the server reads beside the data, on every node, and no wire ever shows; null for nearly all. It is kept with the
    /// message and travels with it.</summary>
    public ReadOnlyMemory<byte>? Hidden { get; init; }

    /// <summary>The span it comes from, as W3C's <c>traceparent</c>, where somebody records it; or null. It goes along to every node, and to no client.</summary>
    public string? TraceParent { get; init; }

    public Retention Retention { get; init; } = Retention.Default;

    /// <summary>Makes sure that a log can give back what it takes: its reader refuses, from anywhere, what no publisher may say.</summary>
    /// <exception cref="ArgumentException">It could not.</exception>
    public void Check()
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

    /// <summary>What was to be said for a message to be there.</summary>
    public static Publication Of(Message message) => new(message.Channel, message.Data)
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
internal sealed record Retention(int Size, TimeSpan Age)
{
    /// <summary>What the channel's state may be; null where it has none.</summary>
    public StateBounds? State { get; init; }

    public static readonly Retention Default = new(100, TimeSpan.FromHours(1));

    public static readonly TimeSpan IdempotencyWindow = TimeSpan.FromMinutes(5);
}

/// <summary>What the state of a channel may be: the newest message of each key, whatever its age. Over it publishing is refused.</summary>
/// <param name="Keys">How many keys.</param>
/// <param name="Bytes">Of their data, in sum.</param>
internal sealed record StateBounds(int Keys, long Bytes);

/// <summary>What of a log is wanted: what came after a position, what came just before one, or the newest.</summary>
/// <param name="Since">The position, or null.</param>
/// <param name="Last">How many of the newest, where there is no position.</param>
/// <param name="Limit">The most messages to return; null is no limit.</param>
internal readonly record struct HistoryRequest(StreamPosition? Since, int Last, int? Limit = null)
{
    /// <summary>Before which message the part ends; it then has at most <see cref="Limit"/> messages. Not beside the others.</summary>
    public StreamPosition? Before { get; init; }

    /// <summary>Whether the oldest messages that are kept are wanted, at most <see cref="Limit"/>, and <see cref="Last"/> says nothing.</summary>
    public bool Oldest { get; private init; }

    /// <summary>The oldest messages that are kept.</summary>
    public static HistoryRequest FromOldest(int limit) => new(null, int.MaxValue, limit) { Oldest = true };

    /// <summary>Whether the channel's state is wanted besides.</summary>
    public bool State { get; init; }

    /// <summary>The messages just before a position.</summary>
    public static HistoryRequest Backwards(StreamPosition before, int limit) => new(null, 0, limit) { Before = before };
}

/// <summary>A part of a channel's log.</summary>
/// <param name="Top">The position of the newest message there is.</param>
/// <param name="Recovered">Whether what lies next to the position asked for is there: all that came after it, or the message just before it, unless there never was one. True where none was asked for.</param>
/// <param name="Messages">The messages in order, without holes; empty where not recovered.</param>
internal sealed record HistoryPart(StreamPosition Top, bool Recovered, IReadOnlyList<Message> Messages)
{
    /// <summary>Nothing, of no log.</summary>
    public static readonly HistoryPart None = new(default, Recovered: true, []);

    /// <summary>The state at <see cref="Top"/>, as <see cref="StatePart.Cut"/> has it, where it was wanted; else empty.</summary>
    public IReadOnlyList<Message> State { get; init; } = [];

    /// <summary>The position after which <see cref="Messages"/> go on.</summary>
    public StreamPosition Start => Messages.Count > 0 ? Top with { Offset = Messages[0].Offset - 1 } : Top;
}

/// <summary>Gives each message of a channel its offset, keeps it, and hands it to the hub of every node that listens.</summary>
/// <remarks>Safe from any thread. Where the broker cannot be reached, calls fail with <see cref="BrokerUnavailableException"/>.</remarks>
internal interface IBroker
{
    /// <summary>Appends to the channel's log.</summary>
    /// <remarks>Completes when the broker has accepted the message, not when anyone has received it. Calls may overlap; messages to one
    /// channel keep the order in which the broker accepted them.</remarks>
    /// <returns>The message's position; null for what is said in passing.</returns>
    /// <exception cref="NotDurableException">Durability was asked for and cannot be given.</exception>
    /// <exception cref="SenderQuotaException">The sender has as many idempotency keys as it may.</exception>
    /// <exception cref="ChannelStateFullException">The channel's state has as many keys or bytes as it may.</exception>
    ValueTask<StreamPosition?> PublishAsync(Publication publication, CancellationToken cancellationToken = default);

    /// <summary>Says that publications with these keys will not be repeated by a publisher that is alive: what was to be remembered for longer than
    /// <see cref="Retention.IdempotencyWindow"/> may be forgotten after that, or at once where nobody else can repeat it.</summary>
    /// <remarks>It saves room and changes no promise: where it is not done, keys live as long as was said.</remarks>
    ValueTask ReleaseAsync(string channel, IReadOnlyList<string> idempotencyKeys, CancellationToken cancellationToken = default) => default;

    /// <summary>Erases a message, or the whole log, which then begins anew with another epoch. What is not there is no fault.</summary>
    /// <remarks>Once it has completed, no answer shows what was erased: the message's place is <see cref="MessageKind.Removed"/>. Every node that listens has
    /// <see cref="MessageKind.Erasure"/> delivered, or a gap with the reason <see cref="GapReason.Cleared"/>.</remarks>
    /// <param name="channel">The channel.</param>
    /// <param name="position">Which message; null for all.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>How many messages were erased.</returns>
    ValueTask<int> EraseAsync(string channel, StreamPosition? position, CancellationToken cancellationToken = default);

    /// <summary>Has the channel delivered to this node, if it is not yet. Called after somebody has joined it in the hub; the broker goes on for as
    /// long as <see cref="IMessageSink.HasSubscribers"/> says so.</summary>
    /// <remarks>Once it has completed, whatever is published is delivered.</remarks>
    ValueTask ListenAsync(string channel, CancellationToken cancellationToken = default);

    /// <summary>Reads a channel's log. What was delivered before the call is in it.</summary>
    ValueTask<HistoryPart> ReadAsync(string channel, HistoryRequest request, CancellationToken cancellationToken = default);
}
