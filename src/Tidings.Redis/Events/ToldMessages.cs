using Tidings.Brokers;
using Tidings.Events;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Redis.Events;

/// <summary>Messages that back ends are told of. Where the channel's log is on the server of the queues, the step that gives a message its offset puts it into them, so that they are told in the
/// order of their offsets, whichever node published them; elsewhere this node notes them once they were accepted. Safe from any thread.</summary>
internal sealed class ToldMessages(EventRecorder recorder, RedisEventStore store, TimeProvider time)
{
    /// <summary>Who is told, a bit for each receiver; 0 where nobody is.</summary>
    public ulong ReceiversOf(Publication publication) =>
        publication.Kind is MessageKind.Message or MessageKind.KeyRemoval ? recorder.ReceiversOfMessage(publication.Channel, publication.Event) : 0;

    /// <summary>What the script that publishes is given besides. What this node saw before, such as who joined, is stored first.</summary>
    public async ValueTask<RedisValue[]> ArgumentsAsync(Publication publication, ulong receivers, CancellationToken cancellationToken)
    {
        await recorder.StoredAsync(cancellationToken).ConfigureAwait(false);
        var message = MessageOf(publication, position: null);
        return [publication.Ephemeral ? recorder.EventOf(message, receivers).ToJson(store.Node) : EventChange.ToUnplacedJson(message), .. store.ArgumentsOf(receivers)];
    }

    /// <summary>Notes one that was accepted on another server.</summary>
    public void Note(Publication publication, StreamPosition? position) => recorder.Published(MessageOf(publication, position));

    private Message MessageOf(Publication publication, StreamPosition? position) => new()
    {
        Channel = publication.Channel,
        Kind = publication.Kind,
        Position = position ?? default,
        Time = time.GetUtcNow().ToUnixTimeMilliseconds(),
        Data = publication.Data,
        From = publication.From,
        Key = publication.Key,
        Event = publication.Event,
        Connection = publication.Connection,
    };
}
