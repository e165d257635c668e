using Tidings.Brokers;
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

    public bool HasSubscribers(string channel) => sink.HasSubscribers(channel);
}

/// <summary>Presence, with this node's part of it noted.</summary>
internal sealed class RecordedPresence(IPresenceStore presence, EventRecorder recorder) : IPresenceStore
{
    public ValueTask JoinAsync(Attendance who, ReadOnlyMemory<byte> tracked = default)
    {
        if (!ConnectionPresence.Is(who.Channel))
        {
            recorder.Joined(who.Channel, who.User, who.Connection, tracked.IsEmpty || !who.Terms.Tracked ? who.Said : tracked, isSaid: who.Terms.Tracked && !tracked.IsEmpty);
        }

        return presence.JoinAsync(who, tracked);
    }

    public async ValueTask<bool> TrackAsync(Attendance who, ReadOnlyMemory<byte> tracked)
    {
        var isNews = !presence.TrackedBy(who).Span.SequenceEqual(tracked.Span);
        if (!await presence.TrackAsync(who, tracked).ConfigureAwait(false))
        {
            return false;
        }

        if (isNews)
        {
            recorder.Updated(who.Channel, who.User, tracked);
        }

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

/// <summary>A log that other nodes write, too: what this node publishes is noted once it was accepted.</summary>
internal sealed class RecordedBroker(IBroker broker, EventRecorder recorder, TimeProvider time) : IBroker
{
    public ValueTask<StreamPosition?> PublishAsync(Publication publication, CancellationToken cancellationToken = default) =>
        recorder.TellsMessages && publication.Kind == MessageKind.Message ? PublishAndNoteAsync(publication, cancellationToken) : broker.PublishAsync(publication, cancellationToken);

    public ValueTask ReleaseAsync(string channel, IReadOnlyList<string> idempotencyKeys, CancellationToken cancellationToken = default) =>
        broker.ReleaseAsync(channel, idempotencyKeys, cancellationToken);

    public ValueTask<int> EraseAsync(string channel, StreamPosition? position, CancellationToken cancellationToken = default) => broker.EraseAsync(channel, position, cancellationToken);

    public ValueTask ListenAsync(string channel, CancellationToken cancellationToken = default) => broker.ListenAsync(channel, cancellationToken);

    public ValueTask<HistoryPart> ReadAsync(string channel, HistoryRequest request, CancellationToken cancellationToken = default) => broker.ReadAsync(channel, request, cancellationToken);

    private async ValueTask<StreamPosition?> PublishAndNoteAsync(Publication publication, CancellationToken cancellationToken)
    {
        var position = await broker.PublishAsync(publication, cancellationToken).ConfigureAwait(false);
        recorder.Published(new Message
        {
            Channel = publication.Channel,
            Position = position ?? default,
            Time = time.GetUtcNow().ToUnixTimeMilliseconds(),
            Data = publication.Data,
            From = publication.From,
            Key = publication.Key,
            Event = publication.Event,
            Connection = publication.Connection,
        });
        return position;
    }
}
