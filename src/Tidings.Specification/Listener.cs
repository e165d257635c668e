using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Specification;

/// <summary>Somebody on a node who listens to a channel and keeps what is heard.</summary>
public sealed class Listener : IMessageListener, IDisposable
{
    private readonly EngineNode _node;
    private readonly string _channel;
    private readonly List<Message> _heard = [];

    private Listener(EngineNode node, string channel)
    {
        _node = node;
        _channel = channel;
    }

    /// <summary>Listens, once the broker has it delivered.</summary>
    /// <param name="node">Where.</param>
    /// <param name="channel">To what.</param>
    public static async Task<Listener> OnAsync(EngineNode node, string channel)
    {
        ArgumentNullException.ThrowIfNull(node);
        var listener = new Listener(node, channel);
        node.Listen(listener, channel);
        await node.Broker.ListenAsync(channel);
        return listener;
    }

    /// <summary>All that was heard, in order.</summary>
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

    /// <summary>The offsets of all that was heard.</summary>
    public IReadOnlyList<long> Offsets => [.. Heard.Select(static message => message.Offset)];

    /// <inheritdoc/>
    public void Offer(Message message)
    {
        lock (_heard)
        {
            _heard.Add(message);
        }
    }

    /// <inheritdoc/>
    public void OfferGap(StreamPosition top) => Gap = top;

    /// <summary>Waits until a message was heard.</summary>
    /// <param name="position">Where it stands.</param>
    public async Task HasHeardAsync(StreamPosition position) =>
        await Eventually.TrueAsync(() => Heard.Any(message => message.Position == position), () => $"{position} was heard, after {string.Join(' ', Offsets.TakeLast(10))}");

    /// <summary>Listens no more.</summary>
    public void Dispose() => _node.EndListening(this, _channel);
}
