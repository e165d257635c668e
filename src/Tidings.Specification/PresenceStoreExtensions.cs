using Tidings.Presence;

namespace Tidings.Specification;

/// <summary>Short forms for tests of presence.</summary>
public static class PresenceStoreExtensions
{
    /// <summary>Joins a channel whose kind has the defaults.</summary>
    /// <param name="presence">The store.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="user">The user.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="info">JSON about the member, or empty.</param>
    public static ValueTask JoinAsync(this IPresenceStore presence, string channel, string user, string connection, ReadOnlyMemory<byte> info)
    {
        ArgumentNullException.ThrowIfNull(presence);
        return presence.JoinAsync(new Attendance(channel, user, connection, PresenceTerms.Default, info));
    }

    /// <summary>Leaves it.</summary>
    /// <param name="presence">The store.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="user">The user.</param>
    /// <param name="connection">The connection.</param>
    public static ValueTask LeaveAsync(this IPresenceStore presence, string channel, string user, string connection)
    {
        ArgumentNullException.ThrowIfNull(presence);
        return presence.LeaveAsync(new Attendance(channel, user, connection, PresenceTerms.Default));
    }
}
