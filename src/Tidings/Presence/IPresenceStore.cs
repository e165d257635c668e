using Tidings.Messages;

namespace Tidings.Presence;

/// <summary>Knows who listens, over all nodes. Safe from any thread.</summary>
/// <remarks>
/// <para>Connections are members' (<see cref="Attendance.Member"/>): a member joins with its first connection and leaves when its last one has been gone for the
/// <see cref="PresenceTerms.Grace"/> of its kind, on whatever nodes they were. One that is back within it has never left.</para>
/// <para>Joins, leaves and updates are delivered beside the channel: <c>sink.Deliver(PresenceChannel.Of(channel), message)</c> on every node where
/// <see cref="IMessageSink.HasSubscribers"/> says that somebody listens there. The message has the kind <see cref="MessageKind.Join"/>, <see cref="MessageKind.Leave"/> or
/// <see cref="MessageKind.Update"/>, no position, and <see cref="PresenceMember.ToJson"/> as its data. Each change is told once, and all nodes hear those of one channel in one
/// order: what is told, applied in turn, is the list. An update is told where what a member shows is different from what was shown before, and only then.</para>
/// <para>Where kinds track (<see cref="PresenceTerms.Tracked"/>), a member shows what one of its connections said last; when that connection goes, what was said before it by
/// those that are left. A member within its grace shows what it did.</para>
/// <para>A node that ends without a word must take its connections along: within 15 s its members have left. Joining, leaving and tracking do not fail while what the nodes
/// share is away: what this node has is put in when it is back. Reading fails with <see cref="Brokers.BrokerUnavailableException"/> then, in time.</para>
/// </remarks>
public interface IPresenceStore
{
    /// <summary>A connection has begun to listen. Joining again with the same connection changes nothing but what it tracks.</summary>
    /// <param name="who">The connection, and in whose name.</param>
    /// <param name="tracked">JSON that it says of its member, where its kind tracks (<see cref="PresenceTerms.Tracked"/>); or empty.</param>
    ValueTask JoinAsync(Attendance who, ReadOnlyMemory<byte> tracked = default);

    /// <summary>A connection that listens says something else of its member, whose kind tracks.</summary>
    /// <param name="who">The connection.</param>
    /// <param name="tracked">JSON; empty where it takes back what it has said.</param>
    /// <returns>False where it does not listen.</returns>
    ValueTask<bool> TrackAsync(Attendance who, ReadOnlyMemory<byte> tracked);

    /// <summary>What a connection of this node has said of its member, or empty. It does not wait.</summary>
    /// <param name="who">The connection.</param>
    ReadOnlyMemory<byte> TrackedBy(Attendance who);

    /// <summary>A connection listens no more. One that does not listen is no fault.</summary>
    /// <param name="who">The connection.</param>
    ValueTask LeaveAsync(Attendance who);

    /// <summary>Somebody on this node has joined the channel beside the channel, and is to be told there of joins, leaves and updates. Once it has completed, all that happens from
    /// then on is told.</summary>
    /// <param name="channel">The channel itself.</param>
    ValueTask WatchAsync(string channel) => default;

    /// <summary>Who listens now, those within their grace included.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="limit">The most members in the list; 0 for the count alone.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<PresenceList> ReadAsync(string channel, int limit, CancellationToken cancellationToken = default);
}
