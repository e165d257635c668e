using System.Collections.Concurrent;
using Tidings.Brokers;
using Tidings.Feeds;
using Tidings.Messages;
using Tidings.Presence;
using Tidings.Redis.Cluster;
using Tidings.Redis.Servers;

namespace Tidings.Redis.Presence;

/// <summary>Presence over all nodes: each keeps who is there by it, and has it in Redis as long as its lease holds. Safe from any thread.</summary>
/// <remarks>Joining and leaving never fail. What could not be said to Redis is said as soon as it can be reached; until then nobody can be asked who is there.</remarks>
internal sealed class RedisPresence : IPresenceStore, IDisposable
{
    private const int AtOnce = 256;

    // Whose leaving failed on a connection that goes on. More than these are there until the lease ends.
    private const int MostMissed = 100_000;

    private readonly ConcurrentDictionary<string, PresenceRoom> _rooms = new(StringComparer.Ordinal);
    private readonly RedisShard[] _shards;
    private readonly PresenceTable _table;
    private readonly TimeProvider _time;
    private readonly DepartureQueue<PresenceEntry> _departures;
    private readonly Missed[] _missed;
    private IReadOnlyList<NodeLease> _leases = [];

    public RedisPresence(RedisShard[] shards, PresenceTable table, TimeProvider time)
    {
        _shards = shards;
        _table = table;
        _time = time;
        _departures = new DepartureQueue<PresenceEntry>(time, RemoveDue);
        _missed = [.. shards.Select(static _ => new Missed())];
    }

    /// <summary>What ends with the node's lease on one of the servers.</summary>
    public ILeased On(int shard) => new Share(this, shard);

    /// <summary>Puts right what those who watch have missed. Set before anybody watches.</summary>
    public WatchedPresence? Watched { get; set; }

    public ValueTask WatchAsync(string channel) => Watched!.AddAsync(channel);

    /// <summary>The node's leases, server by server. Set before anybody joins.</summary>
    public void Hold(IReadOnlyList<NodeLease> leases) => _leases = leases;

    public async ValueTask JoinAsync(Attendance who, ReadOnlyMemory<byte> tracked = default)
    {
        while (true)
        {
            var room = _rooms.GetOrAdd(who.Channel, static (name, shards) => new PresenceRoom(name, RedisSpread.IndexOf(PresenceChannel.Of(name), shards)), _shards.Length);
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
        var link = await _shards[RedisSpread.IndexOf(PresenceChannel.Of(channel), _shards.Length)].GetLinkAsync(default, cancellationToken).ConfigureAwait(false);
        return await _table.ReadAsync(link.Connection, channel, limit, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _departures.Dispose();

    // Called under the room's lock: what is sent first is done first.
    private async Task PutAsync(PresenceEntry entry, bool isAnew = false)
    {
        var room = entry.Room;
        if (_shards[room.Shard].Link is not { } link)
        {
            // All is put in when there is one.
            return;
        }

        try
        {
            await PutAsync(link, _leases[room.Shard].Id, entry, isAnew).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            room.IsBehind = true;
        }
    }

    private async Task PutAsync(RedisLink link, string lease, PresenceEntry entry, bool isAnew)
    {
        var member = entry.Describe();
        var stamp = await _table.PutAsync(link.Connection, lease, entry.Room.Channel, member, isAnew).ConfigureAwait(false);
        if (member.Latest is { } said && stamp > 0)
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
        var taking = TakeAsync(room, entry.Describe());
        if (room.Members.Count == 0)
        {
            room.Removed = true;
            _rooms.TryRemove(new KeyValuePair<string, PresenceRoom>(room.Channel, room));
        }

        return taking;
    }

    private async Task TakeAsync(PresenceRoom room, NodeMember member)
    {
        try
        {
            if (_shards[room.Shard].Link is { } link)
            {
                await _table.TakeAsync(link.Connection, _leases[room.Shard].Id, room.Channel, member).ConfigureAwait(false);
                return;
            }
        }
        catch (BrokerUnavailableException)
        {
        }

        _missed[room.Shard].Add(room.Channel, member);
    }

    private async Task PutAllAsync(RedisLink link, string lease, PresenceRoom room)
    {
        List<string> keys;
        lock (room)
        {
            keys = [.. room.Members.Keys];
            room.IsBehind = false;
            room.KeptAt = _time.GetTimestamp();
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

    // Those whose leaving was not said: under a new lease nobody knows of them.
    private async Task TakeMissedAsync(RedisLink link, int shard, string lease)
    {
        var missed = _missed[shard].TakeAll();
        foreach (var some in missed.Where(entry => !IsThere(entry.Channel, entry.Member.Key)).Chunk(AtOnce))
        {
            await Task.WhenAll(some.Select(entry => _table.TakeAsync(link.Connection, lease, entry.Channel, entry.Member))).ConfigureAwait(false);
        }
    }

    // What the node has on one server.
    private sealed class Share(RedisPresence presence, int shard) : ILeased
    {
        private IEnumerable<PresenceRoom> Rooms => presence._rooms.Values.Where(room => room.Shard == shard);

        public async Task PutAsync(RedisLink link, string lease, string ended)
        {
            await Parallel.ForEachAsync(
                Rooms, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (room, _) => await presence.PutAllAsync(link, lease, room).ConfigureAwait(false)).ConfigureAwait(false);
            await presence.TakeMissedAsync(link, shard, lease).ConfigureAwait(false);
        }

        public async Task KeepAsync(RedisLink link, string lease)
        {
            var due = Rooms.Where(room => room.IsBehind || presence._time.GetElapsedTime(room.KeptAt) > PresenceTable.KeepInterval).Take(AtOnce).ToList();
            await Task.WhenAll(due.Select(room => KeepAsync(link, lease, room))).ConfigureAwait(false);
            await presence.TakeMissedAsync(link, shard, lease).ConfigureAwait(false);
        }

        private async Task KeepAsync(RedisLink link, string lease, PresenceRoom room)
        {
            string? somebody;
            lock (room)
            {
                room.KeptAt = presence._time.GetTimestamp();
                somebody = room.Members.Keys.FirstOrDefault();
            }

            if (room.IsBehind || (somebody is not null && !await PresenceTable.KeepAsync(link.Connection, lease, room.Channel, somebody).ConfigureAwait(false)))
            {
                await presence.PutAllAsync(link, lease, room).ConfigureAwait(false);
            }
        }

        public Task SweepAsync(RedisLink link, string ended) => presence._table.SweepAsync(link.Connection, ended);
    }

    private sealed class Missed
    {
        private readonly List<(string Channel, NodeMember Member)> _members = [];

        public void Add(string channel, NodeMember member)
        {
            lock (_members)
            {
                if (_members.Count < MostMissed)
                {
                    _members.Add((channel, member));
                }
            }
        }

        public IReadOnlyList<(string Channel, NodeMember Member)> TakeAll()
        {
            lock (_members)
            {
                var all = _members.ToArray();
                _members.Clear();
                return all;
            }
        }
    }
}
