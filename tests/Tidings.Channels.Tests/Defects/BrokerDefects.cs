using System.Text;
using Tidings.Brokers;
using Tidings.Faults.Checking;
using Tidings.Faults.Journals;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Channels.Tests.Defects;

/// <summary>A sink that does something wrong with every so-many-th message.</summary>
internal sealed class SinkDefect(string name, int every, Action<IMessageSink, Message, SinkDefect> deliver, params Anomaly[] signs) : Defect(name, signs)
{
    public Message? Held { get; set; }

    public override IMessageSink Sink(IMessageSink hub) => new Wrong(hub, this, every);

    private void Deliver(IMessageSink hub, Message message) => deliver(hub, message, this);

    private sealed class Wrong(IMessageSink hub, SinkDefect defect, int every) : IMessageSink
    {
        private int _count;

        public void Deliver(string channel, Message message) => hub.Deliver(channel, message);

        public void Deliver(Message message)
        {
            if (message.Offset > 0 && hub.HasSubscribers(message.Channel) && ++_count % every == 0)
            {
                defect.Happened = true;
                defect.Deliver(hub, message);
            }
            else
            {
                hub.Deliver(message);
            }
        }

        public void Announce(string channel, StreamPosition top) => hub.Announce(channel, top);

        public bool HasSubscribers(string channel) => hub.HasSubscribers(channel);
    }
}

/// <summary>A broker that does something wrong.</summary>
internal sealed class BrokerDefect(string name, Func<IBroker, BrokerDefect, IBroker> make, params Anomaly[] signs) : Defect(name, signs)
{
    public override IBroker Broker(IBroker broker) => make(broker, this);

    public void Happen() => Happened = true;
}

internal static class BrokerDefects
{
    public static Defect Drop(int every) => new SinkDefect("the broker drops a message on its way", every, static (_, _, _) => { }, Anomaly.Lost, Anomaly.FalseGap, Anomaly.Stuck);

    public static Defect ReusedOffset(int every) => new SinkDefect("an offset is used again", every, static (hub, message, _) =>
        hub.Deliver(Copy(message, message.Position with { Offset = Math.Max(1, message.Offset - 1) })), Anomaly.Fork, Anomaly.Order, Anomaly.Stuck, Anomaly.FalseGap);

    public static Defect OtherBytes(int every) => new SinkDefect("live says other bytes than the log", every, static (hub, message, _) =>
        hub.Deliver(Copy(message, message.Position, Payload.Make(message.Channel + "/other", 1))), Anomaly.Fork, Anomaly.Phantom);

    public static Defect FalseContinuity(int every) => new BrokerDefect("a recovery leaves out a message", (inner, defect) => new Reading(inner, every, defect,
        static part => part.Messages.Count > 1 ? part with { Messages = [.. part.Messages.Skip(1)] } : null), Anomaly.FalseContinuity, Anomaly.Lost);

    public static Defect FalseGap(int every) => new BrokerDefect("a recovery is refused though all is there", (inner, defect) => new Reading(inner, every, defect,
        static part => part is { Recovered: true, Messages.Count: > 0 } ? part with { Recovered = false, Messages = [] } : null), Anomaly.FalseGap);

    public static Defect SecondEntry()
    {
        var seen = new HashSet<(string?, string?)>();
        return new BrokerDefect("a retry makes a second entry", (inner, defect) => new Publishing(inner, async publication =>
        {
            var position = await inner.PublishAsync(publication with { IdempotencyKey = null });
            if (publication.IdempotencyKey is not null && !seen.Add((position?.Epoch + publication.Channel, publication.IdempotencyKey)))
            {
                defect.Happen();
            }

            return position;
        }), Anomaly.Idempotency);
    }

    public static Defect AckBeforeWrite(int every)
    {
        var count = 0;
        return new BrokerDefect("a publish is accepted and not kept", (inner, defect) => new Publishing(inner, async publication =>
        {
            if (++count % every != 0 || publication.Ephemeral)
            {
                return await inner.PublishAsync(publication);
            }

            defect.Happen();
            var top = (await inner.ReadAsync(publication.Channel, default)).Top;
            return top with { Offset = top.Offset + 1 };
        }), Anomaly.Durability, Anomaly.Fork);
    }

    private static Message Copy(Message message, StreamPosition position, string? data = null) => new()
    {
        Channel = message.Channel,
        Position = position,
        Time = message.Time,
        Data = data is null ? message.Data : new MessageData(DataKind.Json, Encoding.UTF8.GetBytes(data)),
        From = message.From,
        Key = message.Key,
    };

    private sealed class Reading(IBroker inner, int every, BrokerDefect defect, Func<HistoryPart, HistoryPart?> change) : IBroker
    {
        private int _count;

        public ValueTask<StreamPosition?> PublishAsync(Publication publication, CancellationToken cancellationToken = default) => inner.PublishAsync(publication, cancellationToken);

        public ValueTask<int> EraseAsync(string channel, StreamPosition? position, CancellationToken cancellationToken = default) => inner.EraseAsync(channel, position, cancellationToken);

        public ValueTask ListenAsync(string channel, CancellationToken cancellationToken = default) => inner.ListenAsync(channel, cancellationToken);

        public async ValueTask<HistoryPart> ReadAsync(string channel, HistoryRequest request, CancellationToken cancellationToken = default)
        {
            var part = await inner.ReadAsync(channel, request, cancellationToken);
            if (request.Since is null || change(part) is not { } changed || ++_count % every != 0)
            {
                return part;
            }

            defect.Happen();
            return changed;
        }
    }

    private sealed class Publishing(IBroker inner, Func<Publication, Task<StreamPosition?>> publish) : IBroker
    {
        public ValueTask<StreamPosition?> PublishAsync(Publication publication, CancellationToken cancellationToken = default) => new(publish(publication));

        public ValueTask<int> EraseAsync(string channel, StreamPosition? position, CancellationToken cancellationToken = default) => inner.EraseAsync(channel, position, cancellationToken);

        public ValueTask ListenAsync(string channel, CancellationToken cancellationToken = default) => inner.ListenAsync(channel, cancellationToken);

        public ValueTask<HistoryPart> ReadAsync(string channel, HistoryRequest request, CancellationToken cancellationToken = default) => inner.ReadAsync(channel, request, cancellationToken);
    }
}
