using Tidings.Brokers;
using Tidings.Options;

namespace Tidings.Events;

/// <summary>Where events wait for those who are told, one queue for each receiver, and what the nodes hold. Safe from any thread.</summary>
/// <remarks>
/// <para>Receivers are numbered from 0 as <see cref="StartAsync"/> names them; a bit in a change stands for each. Their names are the same on every node and after a restart, and queues belong to names.</para>
/// <para>What nodes hold is the sum of <see cref="EventChangeKind.Hold"/> and <see cref="EventChangeKind.Release"/> over all nodes, by key: a hold adds its event to the queues where no node held the key before, a
/// release where none does after it. Each batch is applied once, in the order of its number, and a change with its events in one step. When a node ends without a word, all that it held ends within 15 s: of each key that no node holds
/// then, the will of the hold is told (<see cref="EventChange.ToWill"/>), in the place of the release that will not come.</para>
/// <para>A queue keeps the order in which events were added, and is bounded: over its bound the oldest go, and are counted as trimmed. Where a store cannot be reached, calls fail with <see cref="BrokerUnavailableException"/>, and what was
/// to be added is brought again with the same number.</para>
/// </remarks>
public interface IEventStore
{
    /// <summary>How long a node that delivers to a receiver does so alone after it has asked.</summary>
    public static readonly TimeSpan HoldLife = TimeSpan.FromSeconds(8);

    /// <summary>How long somebody who follows a delivery counts without asking again.</summary>
    public static readonly TimeSpan FollowLife = TimeSpan.FromSeconds(10);

    /// <summary>Whether what is in it outlives the process.</summary>
    bool Survives { get; }

    /// <summary>Called when something was added to a queue. Only sets a signal. Set before the start.</summary>
    Action OnAdded { get; set; }

    /// <summary>Called when it is not known any more what this node holds: the next batch begins with all of it. Only sets a signal. Set before the start.</summary>
    Action OnForgotten { get; set; }

    /// <summary>Begins with these receivers, which are told again where they had unsubscribed. Once, and before any member but <see cref="EraseAsync"/>.</summary>
    /// <param name="receivers">The names of their queues: letters, digits and <c>-</c>. At most 32.</param>
    /// <param name="limits">What the queues may hold.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task StartAsync(IReadOnlyList<string> receivers, EventLimits limits, CancellationToken cancellationToken);

    /// <summary>Applies changes of this node in one step for each, and adds what they tell to the queues. One call at a time.</summary>
    /// <param name="batch">The changes.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>How many changes are stored. Where the store does not know what the node holds these are only the first of them: all that it holds must be said before the rest.</returns>
    Task<int> AddAsync(EventBatch batch, CancellationToken cancellationToken);

    /// <summary>Whether this node is the one that delivers to a receiver, for the next <see cref="HoldLife"/>. Of all nodes one is.</summary>
    /// <param name="receiver">To whom.</param>
    /// <param name="state">What the delivery is like, for those who ask any node: JSON.</param>
    Task<HoldAnswer> TryHoldAsync(int receiver, string state);

    /// <summary>Asks something of the node that delivers.</summary>
    /// <param name="receiver">To whom.</param>
    /// <param name="ask">What is asked.</param>
    Task AskAsync(int receiver, EventAsk ask);

    /// <summary>Lets another node deliver to the receiver.</summary>
    /// <param name="receiver">To whom.</param>
    Task ReleaseAsync(int receiver);

    /// <summary>What waits behind a place, in order: at most so many, and about <see cref="EventPage.MostBytes"/>. With 0 it only says what the queue is like.</summary>
    /// <param name="receiver">Whose queue.</param>
    /// <param name="after">The place.</param>
    /// <param name="most">The most events.</param>
    Task<EventPage> ReadAsync(int receiver, EventPlace after, int most);

    /// <summary>Takes events out of a queue.</summary>
    /// <param name="receiver">Whose.</param>
    /// <param name="events">Which. One that is not there any more is no fault.</param>
    /// <param name="trimmed">How many more are to be told as dropped; negative for how many were told.</param>
    /// <returns>How many were there.</returns>
    Task<int> RemoveAsync(int receiver, IReadOnlyList<QueuedEvent> events, long trimmed);

    /// <summary>Takes events of erased messages out of all queues, also of receivers that this node does not know (<see cref="ErasedMessages.Has(QueuedEvent)"/>). Before the start, too.</summary>
    /// <param name="erased">Which messages.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task EraseAsync(ErasedMessages erased, CancellationToken cancellationToken);

    /// <summary>Empties a queue, to which nothing is added any more: the receiver wants nothing.</summary>
    /// <param name="receiver">Whose.</param>
    Task EndAsync(int receiver);

    /// <summary>What a queue holds now.</summary>
    /// <param name="receiver">Whose.</param>
    Task<EventQueueFigures> CountAsync(int receiver);
}

/// <summary>What queues may hold.</summary>
/// <param name="Events">Events in one queue.</param>
/// <param name="Bytes">Bytes of them in all queues together, of which each has an equal share.</param>
public readonly record struct EventLimits(long Events, long Bytes)
{
    private const long MostEvents = 100_000;
    private const long MostBytes = 64 << 20;

    /// <summary>What this process may hold.</summary>
    internal static EventLimits OfProcess() => new(MostEvents, Math.Min(MostBytes, ProcessMemory.Bytes / 8));
}

/// <summary>How full a queue is.</summary>
/// <param name="Events">How many wait.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Trimmed">How many were dropped that the receiver was not told of.</param>
/// <param name="State">What the delivery is like, as the node said that delivers; null where none has yet.</param>
public readonly record struct EventQueueFigures(long Events, long Bytes, long Trimmed, string? State = null);
