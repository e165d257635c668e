using Tidings.Messages;

namespace Tidings.Presence;

/// <summary>Knows who listens. Safe from any thread.</summary>
internal interface IPresenceStore
{
    /// <summary>A connection has begun to listen in the name of <paramref name="user"/>.</summary>
    ValueTask JoinAsync(string channel, string user, string connection, ReadOnlyMemory<byte> info);

    /// <summary>A connection listens no more. The member leaves with its last connection, after a grace period that lets a page reload.</summary>
    ValueTask LeaveAsync(string channel, string user, string connection);

    /// <summary>Somebody on this node has joined the channel beside the channel (<see cref="PresenceChannel"/>), and is to be told there of joins and leaves.</summary>
    ValueTask WatchAsync(string channel) => default;

    /// <summary>Who listens now, at most <paramref name="limit"/> of them.</summary>
    ValueTask<PresenceList> ReadAsync(string channel, int limit, CancellationToken cancellationToken = default);
}
