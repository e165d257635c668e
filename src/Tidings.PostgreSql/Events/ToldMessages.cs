using Tidings.Brokers;
using Tidings.Events;
using Tidings.Messages;

namespace Tidings.PostgreSql.Events;

/// <summary>Messages that back ends are told of: the step that gives a message its place puts it into their queues, so that they are told in the order of places, whoever published them. Safe from any thread.</summary>
internal sealed class ToldMessages(EventRecorder recorder, PostgreSqlEventStore store, TimeProvider time)
{
    /// <summary>Who is told, a bit for each receiver; 0 where nobody is.</summary>
    public ulong ReceiversOf(Publication publication) =>
        publication.Kind is MessageKind.Message or MessageKind.KeyRemoval ? recorder.ReceiversOfMessage(publication.Channel, publication.Event) : 0;

    /// <summary>Who is told of what transactions publish in a channel.</summary>
    public string ToldOf(string channel) => store.Ids(recorder.ReceiversOfMessage(channel, null));

    /// <summary>What the step that publishes is given besides. What this node saw before, such as who joined, is stored first.</summary>
    public async ValueTask<(byte[] Event, string Told)> OfAsync(Publication publication, ulong receivers, CancellationToken cancellationToken)
    {
        await recorder.StoredAsync(cancellationToken).ConfigureAwait(false);
        var message = new Message
        {
            Channel = publication.Channel,
            Kind = publication.Kind,
            Position = default,
            Time = time.GetUtcNow().ToUnixTimeMilliseconds(),
            Data = publication.Data,
            From = publication.From,
            Key = publication.Key,
            Event = publication.Event,
            Connection = publication.Connection,
        };
        return (publication.Ephemeral ? recorder.EventOf(message, receivers).ToJson(store.Node) : EventChange.ToUnplacedJson(message), store.Ids(receivers));
    }
}
