using Tidings.Brokers;
using Tidings.Options;

namespace Tidings.Events;

/// <summary>Where events wait for those who are told, one queue for each receiver, and what the nodes hold. Safe from any thread.</summary>
/// <remarks>Calls fail with <see cref="BrokerUnavailableException"/> where it cannot be reached.</remarks>
internal interface IEventStore
{
    /// <summary>Whether what is in it outlives the process.</summary>
    bool Survives { get; }

    /// <summary>Called when something was added to a queue. Only sets a signal.</summary>
    Action OnAdded { get; set; }

    /// <summary>Called when it is not known any more what this node holds. Only sets a signal.</summary>
    Action OnForgotten { get; set; }

    /// <summary>Begins with these receivers, which are told again where they had unsubscribed. Once.</summary>
    Task StartAsync(IReadOnlyList<EventReceiver> receivers, EventLimits limits, CancellationToken cancellationToken);

    /// <summary>Applies changes of this node in one step for each, and adds what they tell to the queues. One call at a time.</summary>
    Task AddAsync(EventBatch batch, CancellationToken cancellationToken);

    /// <summary>Whether this node is the one that delivers to a receiver, for the next <see cref="EventDelivery.HoldLife"/>.</summary>
    /// <param name="receiver">To whom.</param>
    /// <param name="state">What the delivery is like, for whoever asks any node: JSON.</param>
    Task<HoldAnswer> TryHoldAsync(int receiver, string state);

    /// <summary>Asks something of the node that delivers.</summary>
    Task AskAsync(int receiver, EventAsk ask);

    /// <summary>Lets another node deliver to the receiver.</summary>
    Task ReleaseAsync(int receiver);

    /// <summary>What waits behind a place, in order: at most so many, and about <see cref="EventPage.MostBytes"/>. With 0 it only says what the queue is like.</summary>
    Task<EventPage> ReadAsync(int receiver, EventPlace after, int most);

    /// <summary>Takes events out of a queue.</summary>
    /// <param name="receiver">Whose.</param>
    /// <param name="events">Which. One that is not there any more is no fault.</param>
    /// <param name="trimmed">How many more are to be told as dropped; negative for how many were told.</param>
    /// <returns>How many were there.</returns>
    Task<int> RemoveAsync(int receiver, IReadOnlyList<QueuedEvent> events, long trimmed);

    /// <summary>Takes events of erased messages out of all queues, also of receivers that this node does not know. Before the start, too.</summary>
    Task EraseAsync(ErasedMessages erased, CancellationToken cancellationToken);

    /// <summary>Empties a queue, to which nothing is added any more: the receiver wants nothing.</summary>
    Task EndAsync(int receiver);

    /// <summary>What a queue holds now.</summary>
    Task<EventQueueFigures> CountAsync(int receiver);
}

/// <summary>What queues may hold.</summary>
/// <param name="Events">Events in one queue.</param>
/// <param name="Bytes">Bytes of them in all queues together, of which each has an equal share.</param>
internal readonly record struct EventLimits(long Events, long Bytes)
{
    private const long MostEvents = 100_000;
    private const long MostBytes = 64 << 20;

    /// <summary>What this process may hold.</summary>
    public static EventLimits OfProcess() => new(MostEvents, Math.Min(MostBytes, ProcessMemory.Bytes / 8));
}

/// <summary>How full a queue is.</summary>
/// <param name="Events">How many wait.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Trimmed">How many were dropped that the receiver was not told of.</param>
/// <param name="State">What the delivery is like, as the node said that delivers; null where none has yet.</param>
internal readonly record struct EventQueueFigures(long Events, long Bytes, long Trimmed, string? State = null);
