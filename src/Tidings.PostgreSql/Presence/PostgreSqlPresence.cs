using System.Collections.Concurrent;
using Tidings.Brokers;
using Tidings.Feeds;
using Tidings.PostgreSql.Cluster;
using Tidings.PostgreSql.Databases;
using Tidings.Presence;

namespace Tidings.PostgreSql.Presence;

/// <summary>Presence over all nodes: each keeps who is there by it, and has it in PostgreSQL as long as its lease stands. Safe from any thread.</summary>
/// <remarks>Joining and leaving never fail. What could not be said to PostgreSQL is said as soon as it can be reached; until then nobody can be asked who is there.</remarks>
internal sealed class PostgreSqlPresence : IPresenceStore, ILeased, IDisposable
{
    private const int AtOnce = 256;

    // Whose leaving failed on a link that goes on. More than these are there until the lease ends.
    private const int MostMissed = 100_000;

    private readonly ConcurrentDictionary<string, PresenceRoom> _rooms = new(StringComparer.Ordinal);
    private readonly List<(string Channel, NodeMember Member)> _missed = [];
    private readonly PostgreSqlServer _server;
    private readonly PresenceTable _table;
    private readonly DepartureQueue<PresenceEntry> _departures;

    public PostgreSqlPresence(PostgreSqlServer server, PresenceTable table, TimeProvider time)
    {
        (_server, _table) = (server, table);
        _departures = new DepartureQueue<PresenceEntry>(time, RemoveDue);
    }

    /// <summary>Puts right what those who watch have missed. Set before anybody watches.</summary>
    public WatchedPresence? Watched { get; set; }

    /// <summary>The node's lease. Set before anybody joins.</summary>
    public NodeLease? Lease { get; set; }

    public ValueTask WatchAsync(string channel) => Watched!.AddAsync(channel);

    public async ValueTask JoinAsync(Attendance who, ReadOnlyMemory<byte> tracked = default)
    {
        while (true)
        {
            var room = _rooms.GetOrAdd(who.Channel, static name => new PresenceRoom(name, 0));
            Task putting;
            lock (room)
            {
                if (room.Removed)
                {
                    continue;
                }

                if (!room.Members.TryGetValue(who.Member, out var entry))
                {
                    room.Members[who.Member] = entry = new PresenceEntry(room, who);
                }

                entry.LeavesAt = long.MaxValue;
                entry.Connections.Add(who.Connection);
                var isAnew = who.Terms.Tracked && !tracked.IsEmpty && entry.Connections.Track(who.Connection, tracked, ++room.Stamp);
                putting = PutAsync(entry, isAnew);
            }

            await putting.ConfigureAwait(false);
            return;
        }
    }

    public async ValueTask<bool> TrackAsync(Attendance who, ReadOnlyMemory<byte> tracked)
    {
        if (!_rooms.TryGetValue(who.Channel, out var room))
        {
            return false;
        }

        Task putting;
        lock (room)
        {
            if (!room.Members.TryGetValue(who.Member, out var entry) || !entry.Connections.Track(who.Connection, tracked, ++room.Stamp))
            {
                return false;
            }

            putting = PutAsync(entry, isAnew: !tracked.IsEmpty);
        }

        await putting.ConfigureAwait(false);
        return true;
    }

    public ReadOnlyMemory<byte> TrackedBy(Attendance who)
    {
        if (!_rooms.TryGetValue(who.Channel, out var room))
        {
            return default;
        }

        lock (room)
        {
            return room.Members.TryGetValue(who.Member, out var entry) ? entry.Connections.SaidBy(who.Connection) : default;
        }
    }

    public async ValueTask LeaveAsync(Attendance who)
    {
        if (!_rooms.TryGetValue(who.Channel, out var room))
        {
            return;
        }

        Task putting;
        lock (room)
        {
            if (!room.Members.TryGetValue(who.Member, out var entry) || !entry.Connections.Remove(who.Connection))
            {
                return;
            }

            if (entry.Connections.Count == 0 && who.Terms.Grace == TimeSpan.Zero)
            {
                putting = Remove_NeedsLock(entry);
            }
            else
            {
                if (entry.Connections.Count == 0)
                {
                    entry.LeavesAt = _departures.Add(entry, who.Terms.Grace, who.Said.Length);
                }

                putting = PutAsync(entry);
            }
        }

        await putting.ConfigureAwait(false);
    }

    public async ValueTask<PresenceList> ReadAsync(string channel, int limit, CancellationToken cancellationToken = default)
    {
        var link = await _server.GetLinkAsync(default, cancellationToken).ConfigureAwait(false);
        return await _table.ReadAsync(link, channel, limit, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _departures.Dispose();

    async Task ILeased.PutAsync(PostgreSqlLink link, string lease, string ended)
    {
        await Parallel.ForEachAsync(
            _rooms.Values, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (room, _) => await PutAllAsync(link, lease, room).ConfigureAwait(false)).ConfigureAwait(false);
        await TakeMissedAsync(link, lease).ConfigureAwait(false);
    }

    async Task ILeased.KeepAsync(PostgreSqlLink link, string lease)
    {
        foreach (var room in _rooms.Values.Where(static room => room.IsBehind))
        {
            await PutAllAsync(link, lease, room).ConfigureAwait(false);
        }

        await TakeMissedAsync(link, lease).ConfigureAwait(false);
    }

    // Called under the room's lock: what is sent first is done first.
    private async Task PutAsync(PresenceEntry entry, bool isAnew = false)
    {
        if (_server.Link is not { } link)
        {
            // All is put in when there is one.
            return;
        }

        try
        {
            await PutAsync(link, Lease!.Id, entry, isAnew).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            entry.Room.IsBehind = true;
        }
    }

    private async Task PutAsync(PostgreSqlLink link, string lease, PresenceEntry entry, bool isAnew)
    {
        var member = entry.Describe();
        var stamp = await _table.PutAsync(link, lease, entry.Room.Channel, member, isAnew).ConfigureAwait(false);
        if (stamp < 0)
        {
            entry.Room.IsBehind = true;
        }
        else if (member.Latest is { } said && stamp > 0)
        {
            lock (entry.Room)
            {
                said.Share(stamp);
                entry.Room.Stamp = Math.Max(entry.Room.Stamp, stamp);
            }
        }
    }

    private void RemoveDue(PresenceEntry entry, long due)
    {
        lock (entry.Room)
        {
            // The member may have come back, and even left again: then another departure stands for it.
            if (entry.LeavesAt == due)
            {
                _ = Remove_NeedsLock(entry);
            }
        }
    }

    private Task Remove_NeedsLock(PresenceEntry entry)
    {
        var room = entry.Room;
        room.Members.Remove(entry.Key);
        entry.LeavesAt = long.MaxValue;
        var taking = TakeAsync(room.Channel, entry.Describe());
        if (room.Members.Count == 0)
        {
            room.Removed = true;
            _rooms.TryRemove(new KeyValuePair<string, PresenceRoom>(room.Channel, room));
        }

        return taking;
    }

    private async Task TakeAsync(string channel, NodeMember member)
    {
        try
        {
            if (_server.Link is { } link)
            {
                await _table.TakeAsync(link, Lease!.Id, channel, member).ConfigureAwait(false);
                return;
            }
        }
        catch (BrokerUnavailableException)
        {
        }

        lock (_missed)
        {
            if (_missed.Count < MostMissed)
            {
                _missed.Add((channel, member));
            }
        }
    }

    private async Task PutAllAsync(PostgreSqlLink link, string lease, PresenceRoom room)
    {
        List<string> keys;
        lock (room)
        {
            keys = [.. room.Members.Keys];
            room.IsBehind = false;
        }

        foreach (var some in keys.Chunk(AtOnce))
        {
            var putting = new List<Task>(some.Length);
            lock (room)
            {
                foreach (var key in some)
                {
                    if (room.Members.TryGetValue(key, out var entry))
                    {
                        putting.Add(PutAsync(link, lease, entry, isAnew: false));
                    }
                }
            }

            await Task.WhenAll(putting).ConfigureAwait(false);
        }
    }

    // Those whose leaving was not said: under a new lease nobody knows of them.
    private async Task TakeMissedAsync(PostgreSqlLink link, string lease)
    {
        (string Channel, NodeMember Member)[] missed;
        lock (_missed)
        {
            missed = [.. _missed];
            _missed.Clear();
        }

        foreach (var some in missed.Where(entry => !IsThere(entry.Channel, entry.Member.Key)).Chunk(AtOnce))
        {
            await Task.WhenAll(some.Select(entry => _table.TakeAsync(link, lease, entry.Channel, entry.Member))).ConfigureAwait(false);
        }
    }

    private bool IsThere(string channel, string member)
    {
        if (!_rooms.TryGetValue(channel, out var room))
        {
            return false;
        }

        lock (room)
        {
            return room.Members.ContainsKey(member);
        }
    }
}
