namespace Tidings.Redis.Presence;

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

    /// <summary>When its keys in Redis were last made to live on.</summary>
    public long KeptAt { get; set; }
}

/// <summary>Somebody in it.</summary>
/// <param name="info">What is known of the member: JSON, or empty.</param>
internal sealed class PresenceEntry(ReadOnlyMemory<byte> info)
{
    public ReadOnlyMemory<byte> Info => info;

    public HashSet<string> Connections { get; } = new(StringComparer.Ordinal);

    /// <summary>When the member leaves, unless a connection comes back; otherwise <see cref="long.MaxValue"/>.</summary>
    public long LeavesAt { get; set; } = long.MaxValue;
}
