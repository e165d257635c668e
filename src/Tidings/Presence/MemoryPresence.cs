using System.Collections.Concurrent;
using Tidings.Messages;

namespace Tidings.Presence;

/// <summary>Presence of a single node.</summary>
internal sealed class MemoryPresence : IPresenceStore, IDisposable
{
    private readonly ConcurrentDictionary<string, Room> _rooms = new(StringComparer.Ordinal);
    private readonly IMessageSink _sink;
    private readonly TimeProvider _time;

    private readonly DepartureQueue<Departure> _departures;

    public MemoryPresence(IMessageSink sink, TimeProvider time)
    {
        _sink = sink;
        _time = time;
        _departures = new DepartureQueue<Departure>(time, Remove);
    }

    public ValueTask JoinAsync(string channel, string user, string connection, ReadOnlyMemory<byte> info)
    {
        while (true)
        {
            var room = _rooms.GetOrAdd(channel, static _ => new Room());
            lock (room)
            {
                if (room.Removed)
                {
                    continue;
                }

                if (!room.Members.TryGetValue(user, out var member))
                {
                    room.Members[user] = member = new Member(info);
                    member.Connections.Add(connection);
                    Tell(MessageKind.Join, channel, user, member);
                }
                else
                {
                    // Back within the grace period, or in another tab.
                    member.LeavesAt = long.MaxValue;
                    member.Connections.Add(connection);
                }

                return ValueTask.CompletedTask;
            }
        }
    }

    public ValueTask LeaveAsync(string channel, string user, string connection)
    {
        if (_rooms.TryGetValue(channel, out var room))
        {
            lock (room)
            {
                if (room.Members.TryGetValue(user, out var member) && member.Connections.Remove(connection) && member.Connections.Count == 0)
                {
                    var departure = new Departure(channel, room, user, member);
                    if (ConnectionPresence.Is(channel))
                    {
                        Remove(departure, member.LeavesAt);
                    }
                    else
                    {
                        member.LeavesAt = _departures.Add(departure);
                    }
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
            var members = room.Members.Take(limit).Select(static entry => entry.Value.Describe(entry.Key)).ToList();
            return ValueTask.FromResult(new PresenceList(members, room.Members.Count));
        }
    }

    public void Dispose() => _departures.Dispose();

    private void Remove(Departure departure, long due)
    {
        var (channel, room, user, member) = departure;
        lock (room)
        {
            // The member may have come back, and even left again: then another departure stands for it.
            if (member.LeavesAt != due)
            {
                return;
            }

            room.Members.Remove(user);
            Tell(MessageKind.Leave, channel, user, member);
            if (room.Members.Count == 0)
            {
                room.Removed = true;
                _rooms.TryRemove(new KeyValuePair<string, Room>(channel, room));
            }
        }
    }

    // Under the room's lock, so that everybody sees joins and leaves in the order in which they happened.
    private void Tell(MessageKind kind, string channel, string user, Member member) => _sink.Deliver(
        PresenceChannel.Of(channel),
        new Message
        {
            Kind = kind,
            Channel = channel,
            Position = default,
            Time = _time.GetUtcNow().ToUnixTimeMilliseconds(),
            Data = new MessageData(DataKind.Json, member.Describe(user).ToJson()),
        });

    private readonly record struct Departure(string Channel, Room Room, string User, Member Member);

    private sealed class Room
    {
        public Dictionary<string, Member> Members { get; } = new(StringComparer.Ordinal);

        public bool Removed { get; set; }
    }

    private sealed class Member(ReadOnlyMemory<byte> info)
    {
        public HashSet<string> Connections { get; } = new(StringComparer.Ordinal);

        /// <summary>When the member leaves, unless a connection comes back; otherwise <see cref="long.MaxValue"/>.</summary>
        public long LeavesAt { get; set; } = long.MaxValue;

        public PresenceMember Describe(string user) => new(user, Connections.Count, info);
    }
}
