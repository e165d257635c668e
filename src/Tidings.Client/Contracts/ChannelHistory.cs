using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>A part of a channel's log.</summary>
/// <param name="Position">Of the newest message there is: whoever has not reached it asks again.</param>
/// <param name="Recovered">Where a position was given: whether all that came after it is there, or the message just before it, unless there never was one; else null.</param>
/// <param name="Messages">In order.</param>
public sealed record ChannelHistory(StreamPosition Position, bool? Recovered, IReadOnlyList<ChannelMessage> Messages);

/// <summary>Which part of the log.</summary>
public sealed record HistoryOptions
{
    /// <summary>After which message. Default null.</summary>
    public StreamPosition? Since { get; init; }

    /// <summary>How many of the newest messages, where there is no <see cref="Since"/>; 0 for none, the position alone. Default null: as many as the server gives.</summary>
    public int? Last { get; init; }

    /// <summary>Before which message to end: the messages just before it, in ascending order. Not beside the others but <see cref="Limit"/>. Default null.</summary>
    public StreamPosition? Before { get; init; }

    /// <summary>The most messages, 0 for the position alone; the server gives at most 1,000. Default null.</summary>
    public int? Limit { get; init; }
}

/// <summary>Who listens to a channel.</summary>
/// <param name="Members">At most as many as were asked for.</param>
/// <param name="Count">How many there are.</param>
public sealed record ChannelPresence(IReadOnlyList<ChannelMember> Members, int Count);

/// <summary>Somebody who listens.</summary>
/// <param name="User">The user's id; for somebody anonymous <c>~</c> and the connection's id.</param>
/// <param name="Connections">How many connections the member listens with; 0 for one that has left.</param>
/// <param name="Info">JSON about the member, or empty: what a token or a hook says; where the channel's kind has <c>PresenceInfo</c>, what its clients say.</param>
public sealed record ChannelMember(string User, int Connections, ReadOnlyMemory<byte> Info)
{
    /// <summary>The connection that the member is, where the channel's kind says so; null where a member is a user with all connections.</summary>
    public string? Connection { get; init; }

    /// <summary>JSON that a token or a hook says of the user, where <see cref="Info"/> is what its clients say; or empty.</summary>
    public ReadOnlyMemory<byte> UserInfo { get; init; }
}
