using System.Runtime.InteropServices;
using Tidings.Options;

namespace Tidings.Events;

/// <content>Members: who is there by this node, and what they say of themselves.</content>
internal sealed partial class EventRecorder
{
    private bool TellsMembers => (_wanted & (EventType.MemberJoined | EventType.MemberLeft)) != 0;

    private bool TellsUpdates => (_wanted & EventType.MemberUpdated) != 0;

    /// <summary>Somebody is there in a channel, by a connection.</summary>
    /// <param name="channel">Where.</param>
    /// <param name="user">Who.</param>
    /// <param name="connection">By which connection.</param>
    /// <param name="info">What presence shows of them.</param>
    /// <param name="isSaid">Whether this connection says it, and those who are there already say something else with it.</param>
    public void Joined(string channel, string user, string connection, ReadOnlyMemory<byte> info, bool isSaid = false)
    {
        if (!TellsMembers && !TellsUpdates)
        {
            return;
        }

        lock (_gate)
        {
            ref var held = ref CollectionsMarshal.GetValueRefOrAddDefault(_members, (channel, user), out var known);
            if (!known)
            {
                held = new HeldMember(new EventSubject { Channel = channel, User = user, Info = info });
                Add_NeedsLock(Hold(held.Key, held.Subject, EventType.MemberJoined, EventType.MemberLeft));
            }
            else if (isSaid)
            {
                Add_NeedsLock(Update(channel, user, info));
            }

            held!.Connections.Add(connection);
            held.LeavesAt = long.MaxValue;
        }
    }

    /// <summary>A connection says something else of somebody who is there.</summary>
    public void Updated(string channel, string user, ReadOnlyMemory<byte> info)
    {
        if (!TellsUpdates)
        {
            return;
        }

        lock (_gate)
        {
            Add_NeedsLock(Update(channel, user, info));
        }
    }

    /// <summary>They are there by this connection no more.</summary>
    public void Left(string channel, string user, string connection)
    {
        if (!TellsMembers && !TellsUpdates)
        {
            return;
        }

        lock (_gate)
        {
            if (_members.TryGetValue((channel, user), out var held) && held.Connections.Remove(connection) && held.Connections.Count == 0)
            {
                held.LeavesAt = _departures.Add(held, Grace);
            }
        }
    }

    private EventChange Update(string channel, string user, ReadOnlyMemory<byte> info) => new()
    {
        Kind = EventChangeKind.Tell,
        Subject = new EventSubject { Channel = channel, User = user, Info = info },
        Type = EventType.MemberUpdated,
        Receivers = ReceiversOf(EventType.MemberUpdated, channel),
        Number = ++_numbers,
        Time = Now,
    };
}
