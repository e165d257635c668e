using Tidings.Protocol;

namespace Tidings.Dialects;

/// <summary>What the server says to one session by itself.</summary>
internal abstract record Notice
{
    /// <summary>The session has begun.</summary>
    /// <param name="Id">The connection's public id.</param>
    /// <param name="User">Who it is, or null.</param>
    /// <param name="PingInterval">How often a sign of life is asked for; zero where it is not.</param>
    /// <param name="Server">What the node says of itself.</param>
    /// <param name="Subscriptions">The channels that are subscribed from the beginning.</param>
    public sealed record Connected(string Id, string? User, TimeSpan PingInterval, ServerInfo Server, IReadOnlyList<Outcome.Subscribed> Subscriptions) : Notice
    {
        /// <summary>In how many milliseconds the connection's token ends; null where it has none, or that does not end.</summary>
        public long? Expires { get; init; }

        /// <summary>By what, beside the connection's id, its client is known where it says something in another way than over the connection; null where it does not.</summary>
        public string? Secret { get; init; }
    }

    /// <summary>The server has subscribed the session to a channel.</summary>
    public sealed record Subscribed(Outcome.Subscribed To) : Notice;

    /// <summary>The server has ended a subscription, or does not let it begin.</summary>
    /// <param name="Channel">The channel.</param>
    /// <param name="Code">Why, for programs.</param>
    /// <param name="Reason">Why, for people.</param>
    public sealed record Unsubscribed(string Channel, ErrorCode Code, string Reason) : Notice;

    /// <summary>A subscription has ended as messages of it are missing; where the client wants to go on, it subscribes again. Told in dialects for which <see cref="SessionDialect.EndsAtGap"/> holds.</summary>
    public sealed record Missed(string Channel) : Notice;

    /// <summary>The connection's token ends soon, and is to be renewed.</summary>
    /// <param name="Seconds">The seconds that are left.</param>
    public sealed record Expiring(long Seconds) : Notice;

    /// <summary>Something for this session alone.</summary>
    /// <param name="From">The user who sends, or null.</param>
    /// <param name="Connection">The connection of somebody anonymous who sends; null beside a user, and where it is the server.</param>
    /// <param name="Data">JSON on one line.</param>
    public sealed record Direct(string? From, string? Connection, ReadOnlyMemory<byte> Data) : Notice;

    /// <summary>The node goes, and will close the connection soon.</summary>
    public sealed record Draining : Notice
    {
        public static readonly Draining Instance = new();
    }

    /// <summary>A message was refused before it was read as a command.</summary>
    public sealed record Refused(Outcome.Refused Why) : Notice;
}

/// <summary>What a node says of itself.</summary>
internal sealed record ServerInfo(string Name, string Version);
