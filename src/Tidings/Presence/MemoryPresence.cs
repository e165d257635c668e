using System.Collections.Concurrent;
using System.Diagnostics;
using Tidings.Messages;

namespace Tidings.Presence;

/// <summary>Presence of a single node.</summary>
internal sealed class MemoryPresence : IPresenceStore, IDisposable
{
    private readonly ConcurrentDictionary<string, Room> _rooms = new(StringComparer.Ordinal);
    private readonly IMessageSink _sink;
    private readonly TimeProvider _time;

    private readonly DepartureQueue<Member> _departures;
    private long _stamp;

    public MemoryPresence(IMessageSink sink, TimeProvider time)
    {
        _sink = sink;
        _time = time;
        _departures = new DepartureQueue<Member>(time, RemoveDue);
    }

    public ValueTask JoinAsync(Attendance who, ReadOnlyMemory<byte> tracked = default)
    {
        while (true)
        {
            var room = _rooms.GetOrAdd(who.Channel, static name => new Room(name));
            lock (room)
            {
                if (room.Removed)
                {
                    continue;
                }

                var isNew = !room.Members.TryGetValue(who.Member, out var member);
                if (isNew)
                {
                    room.Members[who.Member] = member = new Member(room, who);
                }

                // Back within the grace, or in another tab.
                member!.LeavesAt = long.MaxValue;
                member.Connections.Add(who.Connection);
                if (who.Terms.Tracked && !tracked.IsEmpty)
                {
                    member.Connections.Track(who.Connection, tracked, ++_stamp);
                }

                if (isNew)
                {
                    member.Shown = member.Connections.Latest?.Info ?? default;
                    Tell_NeedsLock(MessageKind.Join, member);
                }
                else
                {
                    Show_NeedsLock(member);
                }

                return ValueTask.CompletedTask;
            }
        }
    }

    public ValueTask<bool> TrackAsync(Attendance who, ReadOnlyMemory<byte> tracked)
    {
        if (!_rooms.TryGetValue(who.Channel, out var room))
        {
            return ValueTask.FromResult(false);
        }

        lock (room)
        {
            if (!room.Members.TryGetValue(who.Member, out var member) || !member.Connections.Track(who.Connection, tracked, ++_stamp))
            {
                return ValueTask.FromResult(false);
            }

            Show_NeedsLock(member);
            return ValueTask.FromResult(true);
        }
    }

    public ReadOnlyMemory<byte> TrackedBy(Attendance who)
    {
        if (!_rooms.TryGetValue(who.Channel, out var room))
        {
            return default;
        }

        lock (room)
        {
            return room.Members.TryGetValue(who.Member, out var member) ? member.Connections.SaidBy(who.Connection) : default;
        }
    }

    public ValueTask LeaveAsync(Attendance who)
    {
        if (_rooms.TryGetValue(who.Channel, out var room))
        {
            lock (room)
            {
                if (room.Members.TryGetValue(who.Member, out var member) && member.Connections.Remove(who.Connection))
                {
                    Left_NeedsLock(member, who.Terms.Grace);
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<PresenceList> ReadAsync(string channel, int limit, CancellationToken cancellationToken = default)
    {
        if (!_rooms.TryGetValue(channel, out var room))
        {
            return ValueTask.FromResult(new PresenceList([], 0));
        }

        lock (room)
        {
            var members = room.Members.Values.Take(limit).Select(static member => member.Describe()).ToList();
            return ValueTask.FromResult(new PresenceList(members, room.Members.Count));
        }
    }

    public void Dispose() => _departures.Dispose();

    private void Left_NeedsLock(Member member, TimeSpan grace)
    {
        if (member.Connections.Count > 0)
        {
            Show_NeedsLock(member);
        }
        else if (grace == TimeSpan.Zero)
        {
            Remove_NeedsLock(member);
        }
        else
        {
            member.LeavesAt = _departures.Add(member, grace, member.InfoBytes);
        }
    }

    private void RemoveDue(Member member, long due)
    {
        lock (member.Room)
        {
            // The member may have come back, and even left again: then another departure stands for it.
            if (member.LeavesAt == due)
            {
                Remove_NeedsLock(member);
            }
        }
    }

    private void Remove_NeedsLock(Member member)
    {
        var room = member.Room;
        room.Members.Remove(member.Key);
        member.LeavesAt = long.MaxValue;
        Tell_NeedsLock(MessageKind.Leave, member);
        if (room.Members.Count == 0)
        {
            room.Removed = true;
            _rooms.TryRemove(new KeyValuePair<string, Room>(room.Channel, room));
        }
    }

    // What its connections say now; what a member has said who has left stays until its grace is over.
    private void Show_NeedsLock(Member member)
    {
        var info = member.Connections.Latest?.Info ?? default;
        if (!info.Span.SequenceEqual(member.Shown.Span))
        {
            member.Shown = info;
            Tell_NeedsLock(MessageKind.Update, member);
        }
    }

    // Under the room's lock, so that everybody sees what happens in its order.
    private void Tell_NeedsLock(MessageKind kind, Member member)
    {
        var channel = member.Room.Channel;
        Debug.Assert(Monitor.IsEntered(member.Room));
        _sink.Deliver(
            PresenceChannel.Of(channel),
            new Message
            {
                Kind = kind,
                Channel = channel,
                Position = default,
                Time = _time.GetUtcNow().ToUnixTimeMilliseconds(),
                Data = new MessageData(DataKind.Json, member.Describe().ToJson()),
            });
    }

    private sealed class Room(string channel)
    {
        public string Channel => channel;

        public Dictionary<string, Member> Members { get; } = new(StringComparer.Ordinal);

        public bool Removed { get; set; }
    }

    private sealed class Member(Room room, Attendance first)
    {
        public Room Room => room;

        public string Key { get; } = first.Member;

        public MemberConnections Connections { get; } = new();

        /// <summary>What others were told last that its connections say of it, or empty.</summary>
        public ReadOnlyMemory<byte> Shown { get; set; }

        public int InfoBytes => Shown.Length + first.Said.Length;

        /// <summary>When the member leaves, unless a connection comes back; otherwise <see cref="long.MaxValue"/>.</summary>
        public long LeavesAt { get; set; } = long.MaxValue;

        public PresenceMember Describe() => new(first.User, Connections.Count, first.Terms.Tracked ? Shown : first.Said, first.Terms.Tracked)
        {
            Connection = first.Terms.PerConnection ? first.Connection : null,
            UserInfo = first.Terms.Tracked ? first.Said : default,
        };
    }
}
