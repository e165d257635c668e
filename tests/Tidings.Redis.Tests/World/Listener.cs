using TestKit;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Engine;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Redis.Tests.World;

/// <summary>Somebody on a node who listens to a channel and keeps what he hears.</summary>
internal sealed class Listener : IMessageListener, IDisposable
{
    private readonly Hub _hub;
    private readonly string _channel;
    private readonly List<Message> _heard = [];

    private Listener(Hub hub, string channel)
    {
        _hub = hub;
        _channel = channel;
    }

    public static async Task<Listener> OnAsync(BrokerNode node, string channel)
    {
        var listener = new Listener(node.Hub, channel);
        node.Hub.Listen(listener, channel);
        await node.Broker.ListenAsync(channel);
        return listener;
    }

    public IReadOnlyList<Message> Heard
    {
        get
        {
            lock (_heard)
            {
                return [.. _heard];
            }
        }
    }

    /// <summary>The position of the last gap that was told, or null.</summary>
    public StreamPosition? Gap { get; private set; }

    public IReadOnlyList<long> Offsets => [.. Heard.Select(static message => message.Offset)];

    public void Offer(Message message)
    {
        lock (_heard)
        {
            _heard.Add(message);
        }
    }

    public void OfferGap(StreamPosition top) => Gap = top;

    public async Task HasHeardAsync(StreamPosition position) =>
        await Eventually.TrueAsync(() => Heard.Any(message => message.Position == position), $"{position} was heard, after {string.Join(' ', Offsets.TakeLast(10))}");

    public void Dispose() => _hub.EndListening(this, _channel);
}

/// <summary>One node: its hub, and the broker that it shares with the others.</summary>
internal sealed record BrokerNode(Hub Hub, IBackplane Backplane)
{
    public IBroker Broker => Backplane.Broker;

    public async Task<StreamPosition> SayAsync(string channel, string text, string? key = null, int history = 100, bool durable = false, TimeSpan? age = null) =>
        (await Broker.PublishAsync(new Publication(channel, MessageData.Text(text))
        {
            IdempotencyKey = key,
            Durable = durable,
            Retention = new Retention(history, age ?? TimeSpan.FromHours(1)),
        }))!.Value;

    public async Task<HistoryPart> ReadAsync(string channel, StreamPosition? since = null, int last = 0, int? limit = null) =>
        await Broker.ReadAsync(channel, new HistoryRequest(since, last, limit));
}
