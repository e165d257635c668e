using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>Where a subscription begins and what it brings.</summary>
public sealed record SubscribeOptions
{
    /// <summary>After which message to go on, from an earlier run. Default null: with what is published from now on.</summary>
    public StreamPosition? Since { get; init; }

    /// <summary>How many of the newest messages to begin with, where there is no <see cref="Since"/>. Default 0.</summary>
    public int Last { get; init; }

    /// <summary>Joins, leaves and updates of members too, where the channel has presence. Default false.</summary>
    public bool Presence { get; init; }

    /// <summary>Tells by <see cref="ChannelOccupancy"/> how many subscribe, at most once a second; not over polls. Default false.</summary>
    public bool Occupancy { get; init; }

    /// <summary>What others are shown of this client's member, where the channel's kind has <c>PresenceInfo</c>: JSON in UTF-8, at most 4 KB.
    /// <see cref="ChannelSubscription.TrackJsonAsync"/> changes it. Default none.</summary>
    public ReadOnlyMemory<byte> Info { get; init; }

    /// <summary>The channel's state, too: for <see cref="ChannelMap{T}"/>.</summary>
    internal bool State { get; init; }

    /// <summary>While the connection lags, only the newest message of each key. Default false.</summary>
    public bool Conflate { get; init; }

    /// <summary>
    /// Gets a token that grants this subscription, where the connection's own does not: one with the claim <c>channel</c>, whose name is the first argument. Asked on the thread pool when the channel is first
    /// subscribed, and again before the last one ends or when it is refused; null where there is none, which ends the subscription. Default null: the connection's rights are to do.
    /// </summary>
    public Func<string, CancellationToken, ValueTask<string?>>? Token { get; init; }

    /// <summary>
    /// Gets the application's own state, with the position that its back end read before it. The loop begins with <see cref="ChannelLoaded"/> and goes on with what
    /// came after that position; after a <see cref="ChannelGap"/> the state is loaded again, after a pause that is drawn anew each time. Where it fails, a
    /// <see cref="ChannelError"/> is told and it is tried again. Called by the loop, and not before there is one. Not beside <see cref="Since"/> or <see cref="Last"/>. Default none.
    /// </summary>
    public Func<CancellationToken, Task<LoadedState>>? Load { get; init; }

    /// <summary>How many events may wait for a loop that lags, from 16; beyond it messages are read again from the history. Default 1,024.</summary>
    public int QueueLength { get; init; } = 1024;
}

/// <summary>The application's own state of a channel.</summary>
/// <param name="Position">Of the channel's log, as it was read before the state: what is in the state and comes after it may come once more.</param>
/// <param name="State">Whatever the application wants to have in <see cref="ChannelLoaded"/>.</param>
public sealed record LoadedState(StreamPosition Position, object? State = null);

/// <summary>How a message is published.</summary>
public sealed record PublishOptions
{
    /// <summary>What the message is about, at most 128 bytes: those who conflate get only the newest of each key. Default none.</summary>
    public string? Key { get; init; }

    /// <summary>The name of the event that the message is, as <c>paid</c>: 1 to 200 bytes of printable text. Default none.</summary>
    public string? Event { get; init; }

    /// <summary>
    /// At most 128 bytes: a repeat with the same key within five minutes, inside one epoch, is the first message again. Default: one is drawn
    /// for each call, so that what is sent again after a broken connection makes no second entry.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Refuse rather than accept what a crash could lose. Default false.</summary>
    public bool Durable { get; init; }

    /// <summary>Said in passing, as "is typing": no position, not kept; fails at once while the client is away. Default false.</summary>
    public bool Ephemeral { get; init; }

    /// <summary>This client does not get the message live. It has a position and is kept all the same: the history shows it, and a later connection may
    /// recover it. Default false.</summary>
    public bool Except { get; init; }
}
