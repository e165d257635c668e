
namespace Tidings.Presence;

/// <summary>Who is there in a channel by this node. Its own lock guards it.</summary>
internal sealed class PresenceRoom(string channel, int shard)
{
    public string Channel => channel;

    /// <summary>Which server has it.</summary>
    public int Shard => shard;

    public Dictionary<string, PresenceEntry> Members { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether another room is to be made.</summary>
    public bool Removed { get; set; }

    /// <summary>Whether Redis may not have all of it.</summary>
    public bool IsBehind { get; set; }

    /// <summary>The greatest of all that was said here.</summary>
    public long Stamp { get; set; }

    /// <summary>When its keys in Redis were last made to live on.</summary>
    public long KeptAt { get; set; }
}

/// <summary>Somebody in it.</summary>
/// <param name="room">Where.</param>
/// <param name="first">The member's first connection.</param>
internal sealed class PresenceEntry(PresenceRoom room, Attendance first)
{
    public PresenceRoom Room => room;

    /// <summary>What tells it from the other members.</summary>
    public string Key { get; } = first.Member;

    public MemberConnections Connections { get; } = new();

    /// <summary>When the member leaves, unless a connection comes back; otherwise <see cref="long.MaxValue"/>.</summary>
    public long LeavesAt { get; set; } = long.MaxValue;

    /// <summary>The member by this node alone.</summary>
    public NodeMember Describe() => new(first.User, Connections.Count, first.Said, first.Terms.Tracked)
    {
        Connection = first.Terms.PerConnection ? first.Connection : null,
        Latest = first.Terms.Tracked ? Connections.Latest : null,
    };
}

/// <summary>A member as one node has it.</summary>
/// <param name="User">The user.</param>
/// <param name="Connections">How many connections it has by the node.</param>
/// <param name="Said">JSON that the server was told of it, or empty.</param>
/// <param name="IsTracked">Whether its connections say its info by themselves.</param>
internal sealed record NodeMember(string User, int Connections, ReadOnlyMemory<byte> Said, bool IsTracked)
{
    /// <summary>The connection that it is; null where it is a user with all connections.</summary>
    public string? Connection { get; init; }

    /// <summary>What its connections by this node said last; null where they said nothing.</summary>
    public TrackedInfo? Latest { get; init; }

    public string Key => Connection is null ? User : PresenceMember.KeyOf(User, Connection);

    /// <summary>The same as others see it where nobody tracks.</summary>
    public PresenceMember ToMember() => new(User, Connections, Said) { Connection = Connection };
}
