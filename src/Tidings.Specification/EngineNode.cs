using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Presence;
using Tidings.Protocol;

namespace Tidings.Specification;

/// <summary>A node of the engine that is tested: its part in what the nodes share, and its channels.</summary>
/// <remarks>Parts that a suite does not test need not be there: a suite for brokers asks for no presence.</remarks>
public abstract class EngineNode
{
    /// <summary>The broker, as this node has it.</summary>
    public virtual IBroker Broker => throw new NotSupportedException("This node has no broker.");

    /// <summary>Presence, as this node has it.</summary>
    public virtual IPresenceStore Presence => throw new NotSupportedException("This node has no presence.");

    /// <summary>Has somebody listen to a channel of this node: from now on <see cref="IMessageSink.HasSubscribers"/> says that there is somebody, and what is delivered is offered.</summary>
    /// <param name="listener">Who listens.</param>
    /// <param name="channel">The channel, or the one beside it for presence.</param>
    public abstract void Listen(IMessageListener listener, string channel);

    /// <summary>Ends it.</summary>
    /// <param name="listener">Who listened.</param>
    /// <param name="channel">To what.</param>
    public abstract void EndListening(IMessageListener listener, string channel);

    /// <summary>Publishes a text.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="text">The text.</param>
    /// <param name="key">The idempotency key, or null.</param>
    /// <param name="history">How many messages the log keeps.</param>
    /// <param name="durable">Whether it must outlive a crash.</param>
    /// <param name="age">How long messages are kept; null for an hour.</param>
    /// <returns>Where it stands.</returns>
    public async Task<StreamPosition> SayAsync(string channel, string text, string? key = null, int history = 100, bool durable = false, TimeSpan? age = null) =>
        (await Broker.PublishAsync(new Publication(channel, MessageData.Text(text))
        {
            IdempotencyKey = key,
            Durable = durable,
            Retention = new Retention(history, age ?? TimeSpan.FromHours(1)),
        }))!.Value;

    /// <summary>Reads a part of a log.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="since">The position after which it begins, or null.</param>
    /// <param name="last">How many of the newest, where there is no position.</param>
    /// <param name="limit">The most messages; null is no limit.</param>
    public async Task<HistoryPart> ReadAsync(string channel, StreamPosition? since = null, int last = 0, int? limit = null) =>
        await Broker.ReadAsync(channel, new HistoryRequest(since, last, limit));

    /// <summary>Has somebody told of joins, leaves and updates in a channel.</summary>
    /// <param name="channel">The channel.</param>
    public async Task<PresenceWatch> WatchAsync(string channel)
    {
        var watch = new PresenceWatch(channel);
        Listen(watch, PresenceChannel.Of(channel));
        await Presence.WatchAsync(channel);
        return watch;
    }
}
