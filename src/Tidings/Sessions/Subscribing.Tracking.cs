namespace Tidings.Sessions;

/// <content>What sessions say of themselves.</content>
internal sealed partial class Subscribing
{
    /// <summary>Shows in a channel's presence what a subscriber says of itself. Called on the connection's lane; goes on wherever the presence answers.</summary>
    /// <param name="session">Who.</param>
    /// <param name="channel">Where.</param>
    /// <param name="info">JSON; empty where it takes back what it has said.</param>
    /// <returns>False where it is not subscribed, or was when the channel's kind did not track.</returns>
    public ValueTask<bool> TrackAsync(ChannelSession session, string channel, ReadOnlyMemory<byte> info) =>
        !session.Ended && session.Find(channel) is { Kind.PresenceInfo: true } membership
            ? presence.TrackAsync(membership.AttendanceOf(session), info)
            : ValueTask.FromResult(false);
}
