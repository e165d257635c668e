using Tidings.Messages;
using Tidings.Presence;
using Tidings.Protocol;

namespace Tidings.Events;

/// <summary>Messages of a log on this node, noted in its order on their way to the hub.</summary>
internal sealed class RecordedSink(IMessageSink sink, EventRecorder recorder) : IMessageSink
{
    public void Deliver(Message message)
    {
        recorder.Published(message);
        sink.Deliver(message);
    }

    // Beside the channels: presence.
    public void Deliver(string channel, Message message) => sink.Deliver(channel, message);

    public void Announce(string channel, StreamPosition top) => sink.Announce(channel, top);

    public bool HasSubscribers(string channel) => sink.HasSubscribers(channel);
}

/// <summary>Presence, with this node's part of it noted.</summary>
internal sealed class RecordedPresence(IPresenceStore presence, EventRecorder recorder) : IPresenceStore
{
    public ValueTask JoinAsync(Attendance who, ReadOnlyMemory<byte> tracked = default)
    {
        if (!ConnectionPresence.Is(who.Channel))
        {
            recorder.Joined(who.Channel, who.User, who.Connection, who.Said, who.Terms.Tracked ? tracked : default);
        }

        return presence.JoinAsync(who, tracked);
    }

    public async ValueTask<bool> TrackAsync(Attendance who, ReadOnlyMemory<byte> tracked)
    {
        if (!await presence.TrackAsync(who, tracked).ConfigureAwait(false))
        {
            return false;
        }

        recorder.Updated(who.Channel, who.User, who.Connection, tracked);
        return true;
    }

    public ReadOnlyMemory<byte> TrackedBy(Attendance who) => presence.TrackedBy(who);

    public ValueTask LeaveAsync(Attendance who)
    {
        if (!ConnectionPresence.Is(who.Channel))
        {
            recorder.Left(who.Channel, who.User, who.Connection);
        }

        return presence.LeaveAsync(who);
    }

    public ValueTask WatchAsync(string channel) => presence.WatchAsync(channel);

    public ValueTask<PresenceList> ReadAsync(string channel, int limit, CancellationToken cancellationToken = default) => presence.ReadAsync(channel, limit, cancellationToken);
}
