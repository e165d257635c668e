using Tidings.Messages;
using Tidings.Presence;

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

    public bool HasSubscribers(string channel) => sink.HasSubscribers(channel);
}

/// <summary>Presence, with this node's part of it noted.</summary>
internal sealed class RecordedPresence(IPresenceStore presence, EventRecorder recorder) : IPresenceStore
{
    public ValueTask JoinAsync(string channel, string user, string connection, ReadOnlyMemory<byte> info)
    {
        recorder.Joined(channel, user, connection, info);
        return presence.JoinAsync(channel, user, connection, info);
    }

    public ValueTask LeaveAsync(string channel, string user, string connection)
    {
        recorder.Left(channel, user, connection);
        return presence.LeaveAsync(channel, user, connection);
    }

    public ValueTask WatchAsync(string channel) => presence.WatchAsync(channel);

    public ValueTask<PresenceList> ReadAsync(string channel, int limit, CancellationToken cancellationToken = default) => presence.ReadAsync(channel, limit, cancellationToken);
}
