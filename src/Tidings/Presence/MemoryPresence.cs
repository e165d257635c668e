using System.Collections.Concurrent;
using Tidings.Channels;

namespace Tidings.Presence;

/// <summary>Presence of a single node.</summary>
internal sealed class MemoryPresence : IPresenceStore, IDisposable
{
    /// <summary>How long after his last connection a member is still there: a page reload shows nobody leaving.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Room> _rooms = new(StringComparer.Ordinal);
    private readonly Hub _hub;
    private readonly TimeProvider _time;

    // All wait equally long: one timer for the first in line is enough, however many leave at once.
    private readonly Queue<Departure> _departures = [];
    private readonly ITimer _timer;

    public MemoryPresence(Hub hub, TimeProvider time)
    {
        _hub = hub;
        _time = time;
        _timer = time.CreateTimer(static presence => ((MemoryPresence)presence!).RemoveDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private long Now => (long)_time.GetElapsedTime(0).TotalMilliseconds;

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
                    member.LeavesAt = Now + (long)Grace.TotalMilliseconds;
                    Enqueue(new Departure(channel, room, user, member, member.LeavesAt));
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

    public void Dispose() => _timer.Dispose();

    private void Enqueue(Departure departure)
    {
        lock (_departures)
        {
            _departures.Enqueue(departure);
            if (_departures.Count == 1)
            {
                _timer.Change(Grace, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void RemoveDue()
    {
        while (true)
        {
            Departure next;
            lock (_departures)
            {
                if (!_departures.TryPeek(out next))
                {
                    return;
                }

                var left = next.Due - Now;
                if (left > 0)
                {
                    _timer.Change(TimeSpan.FromMilliseconds(left), Timeout.InfiniteTimeSpan);
                    return;
                }

                _departures.Dequeue();
            }

            Remove(next);
        }
    }

    private void Remove(Departure departure)
    {
        var (channel, room, user, member, due) = departure;
        lock (room)
        {
            // He may have come back, and even have gone again: then another departure stands for him.
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
    private void Tell(MessageKind kind, string channel, string user, Member member) => _hub.Deliver(
        PresenceChannel.Of(channel),
        new Message
        {
            Kind = kind,
            Channel = channel,
            Position = default,
            Time = _time.GetUtcNow().ToUnixTimeMilliseconds(),
            Data = new MessageData(DataKind.Json, member.Describe(user).ToJson()),
        });

    private readonly record struct Departure(string Channel, Room Room, string User, Member Member, long Due);

    private sealed class Room
    {
        public Dictionary<string, Member> Members { get; } = new(StringComparer.Ordinal);

        public bool Removed { get; set; }
    }

    private sealed class Member(ReadOnlyMemory<byte> info)
    {
        public HashSet<string> Connections { get; } = new(StringComparer.Ordinal);

        /// <summary>When he leaves, if nobody comes back; otherwise <see cref="long.MaxValue"/>.</summary>
        public long LeavesAt { get; set; } = long.MaxValue;

        public PresenceMember Describe(string user) => new(user, Connections.Count, info);
    }
}

/// <summary>The channel beside a channel in which joins and leaves are told to those who asked for them.</summary>
internal static class PresenceChannel
{
    // No name of a channel has this character.
    private const char Mark = '\u0001';

    public static string Of(string channel) => Mark + channel;

    /// <summary>The channel that <paramref name="beside"/> is beside.</summary>
    public static string ChannelOf(string beside) => beside.StartsWith(Mark) ? beside[1..] : beside;
}
