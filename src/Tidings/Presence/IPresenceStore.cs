using Tidings.Messages;

namespace Tidings.Presence;

/// <summary>Knows who listens. Safe from any thread.</summary>
/// <remarks>Joins, leaves and updates are told beside the channel (<see cref="PresenceChannel"/>), each once over all nodes and in the order in which
/// they happened.</remarks>
internal interface IPresenceStore
{
    /// <summary>A connection has begun to listen.</summary>
    /// <param name="who">The connection, and in whose name.</param>
    /// <param name="tracked">JSON that it says of its member, where its kind tracks (<see cref="PresenceTerms.Tracked"/>); or empty.</param>
    ValueTask JoinAsync(Attendance who, ReadOnlyMemory<byte> tracked = default);

    /// <summary>A connection that listens says something else of its member, whose kind tracks.</summary>
    /// <param name="who">The connection.</param>
    /// <param name="tracked">JSON; empty where it takes back what it has said.</param>
    /// <returns>False where it does not listen.</returns>
    ValueTask<bool> TrackAsync(Attendance who, ReadOnlyMemory<byte> tracked);

    /// <summary>What a connection has said of its member, or empty.</summary>
    ReadOnlyMemory<byte> TrackedBy(Attendance who);

    /// <summary>A connection listens no more. The member leaves with its last connection, after the grace of its kind.</summary>
    ValueTask LeaveAsync(Attendance who);

    /// <summary>Somebody on this node has joined the channel beside the channel, and is to be told there of joins, leaves and updates.</summary>
    ValueTask WatchAsync(string channel) => default;

    /// <summary>Who listens now, at most <paramref name="limit"/> of them.</summary>
    ValueTask<PresenceList> ReadAsync(string channel, int limit, CancellationToken cancellationToken = default);
}
