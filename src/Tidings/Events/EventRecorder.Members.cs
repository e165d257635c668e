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
    /// <param name="vouched">JSON that the server was told of them, which is shown where none of their connections says anything; or empty.</param>
    /// <param name="said">JSON that this connection says of them, or empty.</param>
    public void Joined(string channel, string user, string connection, ReadOnlyMemory<byte> vouched, ReadOnlyMemory<byte> said = default)
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
                held = new HeldMember(new EventSubject { Channel = channel, User = user, Info = said.IsEmpty ? vouched : said }, vouched);
                Add_NeedsLock(Hold(held.Key, held.Subject, EventType.MemberJoined, EventType.MemberLeft));
            }

            held!.Connections.Add(connection);
            held.LeavesAt = long.MaxValue;
            if (!said.IsEmpty)
            {
                held.Connections.Track(connection, said, ++_stamps);
            }

            Show_NeedsLock(held);
        }
    }

    /// <summary>A connection says something else of somebody who is there, or takes back what it has said.</summary>
    public void Updated(string channel, string user, string connection, ReadOnlyMemory<byte> said)
    {
        if (!TellsUpdates)
        {
            return;
        }

        lock (_gate)
        {
            if (_members.TryGetValue((channel, user), out var held) && held.Connections.Track(connection, said, ++_stamps))
            {
                Show_NeedsLock(held);
            }
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
            if (!_members.TryGetValue((channel, user), out var held) || !held.Connections.Remove(connection))
            {
                return;
            }

            if (held.Connections.Count == 0)
            {
                held.LeavesAt = _departures.Add(held, Grace);
            }
            else
            {
                Show_NeedsLock(held);
            }
        }
    }

    // What was said last by a connection that is still there; what somebody has said who has left stays until they come back or it is told.
    private void Show_NeedsLock(HeldMember held)
    {
        var info = held.Connections.Latest?.Info ?? held.Vouched;
        if (!info.Span.SequenceEqual(held.Subject.Info.Span))
        {
            held.Subject = held.Subject with { Info = info };
            Add_NeedsLock(Update(held.Subject));
        }
    }

    private EventChange Update(EventSubject subject) => new()
    {
        Kind = EventChangeKind.Tell,
        Subject = subject,
        Type = EventType.MemberUpdated,
        Receivers = ReceiversOf(EventType.MemberUpdated, subject.Channel),
        Number = ++_numbers,
        Time = Now,
    };
}
