namespace Tidings.Presence;

/// <summary>The connections of a member on this node, and what each has said of the member. Its owner's lock guards it.</summary>
internal sealed class MemberConnections
{
    private readonly Dictionary<string, TrackedInfo?> _all = new(StringComparer.Ordinal);

    public int Count => _all.Count;

    /// <summary>What was said last by a connection that is still there; null where none has said anything.</summary>
    public TrackedInfo? Latest { get; private set; }

    public void Add(string connection) => _all.TryAdd(connection, null);

    /// <returns>False where it was not there.</returns>
    public bool Remove(string connection)
    {
        if (!_all.Remove(connection, out var said))
        {
            return false;
        }

        ForgetLatest(said);
        return true;
    }

    /// <summary>Notes what a connection says.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="info">JSON; empty where it takes back what it has said.</param>
    /// <param name="stamp">Greater than that of everything said before.</param>
    /// <returns>False where the connection is not there.</returns>
    public bool Track(string connection, ReadOnlyMemory<byte> info, long stamp)
    {
        if (!_all.TryGetValue(connection, out var before))
        {
            return false;
        }

        var said = info.IsEmpty ? null : new TrackedInfo(info, stamp);
        _all[connection] = said;
        if (said is null)
        {
            ForgetLatest(before);
        }
        else
        {
            Latest = said;
        }

        return true;
    }

    /// <summary>What a connection has said, or empty.</summary>
    public ReadOnlyMemory<byte> SaidBy(string connection) => _all.GetValueOrDefault(connection)?.Info ?? default;

    private void ForgetLatest(TrackedInfo? gone)
    {
        if (gone is not null && gone == Latest)
        {
            Latest = _all.Values.OfType<TrackedInfo>().MaxBy(static said => said.Stamp);
        }
    }
}

/// <summary>What a connection says of its member. Its owner's lock guards it.</summary>
/// <param name="info">JSON.</param>
/// <param name="stamp">When it was said.</param>
internal sealed class TrackedInfo(ReadOnlyMemory<byte> info, long stamp)
{
    public ReadOnlyMemory<byte> Info => info;

    /// <summary>Of two, the greater one was said later.</summary>
    public long Stamp { get; private set; } = stamp;

    /// <summary>Whether the stamp compares with those of other nodes.</summary>
    public bool IsShared { get; private set; }

    /// <summary>It is known in which order it was said among those of all nodes.</summary>
    public void Share(long stamp) => (Stamp, IsShared) = (stamp, true);
}
