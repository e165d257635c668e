using Tidings.Protocol;

namespace Tidings;

/// <summary>How a message is published.</summary>
public sealed record PublishOptions
{
    /// <summary>How many connections <see cref="Except"/> may name.</summary>
    internal const int MostExcepted = 100;

    /// <summary>What the message is about, at most 128 bytes: those who conflate get only the newest of each key, and a channel's state keeps it. Default none.</summary>
    public string? Key { get; init; }

    /// <summary>The name of the event that the message is, as <c>paid</c>: 1 to 200 bytes of printable text. Default none.</summary>
    public string? Event { get; init; }

    /// <summary>At most 128 bytes: a repeat with the same key within five minutes, inside one epoch, is the first message again. Default none.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Refuse rather than accept what a crash could lose. Default false.</summary>
    public bool Durable { get; init; }

    /// <summary>Said in passing, as "is typing": no offset, not kept, not recovered. Default false.</summary>
    public bool Ephemeral { get; init; }

    /// <summary>Ids of connections that do not get the message live, at most 100. It has an offset and is kept all the same: they find it in the history,
    /// and a later connection recovers it. Default none.</summary>
    public IReadOnlyCollection<string>? Except { get; init; }
}

/// <summary>Where a subscription inside the process begins.</summary>
public sealed record SubscribeOptions
{
    /// <summary>After which message to go on. Default null: with what is published from now on.</summary>
    public StreamPosition? Since { get; init; }

    /// <summary>How many of the newest messages to begin with, where there is no <see cref="Since"/>. Default 0.</summary>
    public int Last { get; init; }

    /// <summary>How many messages may wait for a loop that lags, from 1. Default 1,024.</summary>
    public int QueueLength { get; init; } = 1024;
}
