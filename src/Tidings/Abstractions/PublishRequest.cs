namespace Tidings;

/// <summary>What a client wants to publish, as a handler of <c>OnPublish</c> can have it beside the message. Immutable.</summary>
/// <param name="Channel">The channel; of a direct message, the receiver.</param>
/// <param name="Data">JSON; empty where a key is to be removed, and where the payload is binary.</param>
public sealed record PublishRequest(string Channel, ReadOnlyMemory<byte> Data)
{
    /// <summary>The binary payload; null where it is JSON.</summary>
    public ReadOnlyMemory<byte>? Bytes { get; init; }

    /// <summary>The name of the event that the message is, or null.</summary>
    public string? Event { get; init; }

    /// <summary>What the message is about, or null.</summary>
    public string? Key { get; init; }

    /// <summary>Whether <see cref="Key"/> is to be taken out of the channel's state. There is no message then.</summary>
    public bool Remove { get; init; }

    /// <summary>Whether it is said in passing: no offset, not kept.</summary>
    public bool Ephemeral { get; init; }
}
