using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Presence;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Quotas;

namespace Tidings.Dialects;

/// <summary>What came of a command. Dialects write it; those who carry commands out know no wire.</summary>
internal abstract record Outcome
{
    /// <summary>It was not carried out.</summary>
    /// <param name="Code">For programs.</param>
    /// <param name="Error">For people.</param>
    /// <param name="Details">What the client may know besides, or null.</param>
    /// <param name="RetryAfter">After how many milliseconds it may be tried again; null where that does not depend on time.</param>
    /// <param name="Limit">Whose limit it is, where it is not the connection's own: <c>ip</c>, <c>user</c> or <c>channel</c>; or null.</param>
    public sealed record Refused(ErrorCode Code, string Error, IReadOnlyList<FieldFault>? Details = null, int? RetryAfter = null, string? Limit = null) : Outcome
    {
        /// <summary>Whether it is refused because its token has expired.</summary>
        public bool HasExpired { get; init; }

        /// <summary>A limit on rates refuses it.</summary>
        public static Refused By(RateRefusal rate) => RateLimited(rate.RetryAfter, rate.SharedLimit);

        /// <summary>The same, in milliseconds.</summary>
        public static Refused RateLimited(int retryAfter, string? limit = null) => new(ErrorCode.RateLimited, "Rate limit exceeded", null, retryAfter, limit);

        /// <summary>The server is hard-pressed and refuses what can wait.</summary>
        public static Refused Overloaded(int retryAfter) => new(ErrorCode.Unavailable, "Overloaded", null, retryAfter);

        public static readonly Refused Unavailable = new(ErrorCode.Unavailable, "Service unavailable");
        public static readonly Refused Failed = new(ErrorCode.Internal, "Internal error");
        public static readonly Refused TooLarge = new(ErrorCode.TooLarge, "Message too large");
    }

    /// <summary>The session has begun, in dialects whose sessions begin by a command.</summary>
    public sealed record Opened(Notice.Connected Session) : Outcome;

    /// <summary>The connection is this user's now.</summary>
    /// <param name="User">The user.</param>
    /// <param name="Expires">In how many milliseconds the token ends; null where it does not.</param>
    public sealed record Authenticated(string User, long? Expires = null) : Outcome;

    /// <summary>Subscribed: what the log holds after the start, then everything new, follows as messages.</summary>
    /// <param name="Channel">The channel.</param>
    /// <param name="Start">Where the subscription begins.</param>
    /// <param name="Recovered">Whether nothing is missing after the position that was asked for; null where none was.</param>
    /// <param name="Members">Who is there; null where it was not asked for.</param>
    /// <param name="Expires">In how many seconds the token of the subscription ends; null where it has none, or that does not end.</param>
    /// <param name="Following">How many messages of the log come first, erased ones not counted.</param>
    public sealed record Subscribed(string Channel, StreamPosition Start, bool? Recovered, PresenceList? Members, long? Expires, int Following) : Outcome
    {
        /// <summary>Whether the channel keeps messages that this subscriber may read back.</summary>
        public bool IsRecoverable { get; init; }

        /// <summary>The first messages of the log, where the dialect has them in the answer (<see cref="SessionDialect.MessagesInAnswer"/>); the others follow as messages.</summary>
        public IReadOnlyList<Message> Messages { get; init; } = [];
    }

    /// <summary>Not subscribed: messages after the position that was asked for are gone, and only with them was it to begin.</summary>
    public sealed record Unrecovered(string Channel) : Outcome;

    /// <summary>A subscription goes on with a newer token.</summary>
    public sealed record Renewed(string Channel, long? Expires) : Outcome;

    /// <summary>The client's own wish was carried out.</summary>
    public sealed record Unsubscribed(string Channel) : Outcome;

    /// <param name="Channel">The channel.</param>
    /// <param name="Position">Where the message stands; null where it was dropped.</param>
    public sealed record Published(string Channel, StreamPosition? Position) : Outcome;

    /// <summary>What the connection says of its member is shown.</summary>
    public sealed record Tracked(string Channel) : Outcome;

    /// <param name="Delivered">How many connections it reached; null where the sender may not know it.</param>
    public sealed record Sent(int? Delivered) : Outcome;

    public sealed record Presence(string Channel, PresenceList List) : Outcome;

    /// <param name="Channel">The channel.</param>
    /// <param name="Wanted">What was asked for.</param>
    /// <param name="Part">What there is, as much as an answer may hold.</param>
    public sealed record History(string Channel, HistoryRequest Wanted, HistoryPart Part) : Outcome;

    /// <param name="Data">JSON.</param>
    public sealed record Result(ReadOnlyMemory<byte> Data) : Outcome;

    public sealed record Pong : Outcome
    {
        public static readonly Pong Instance = new();
    }
}
