using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>What a subscription tells, in order. Immutable.</summary>
/// <param name="Channel">The channel's name.</param>
public abstract record ChannelEvent(string Channel);

/// <summary>Somebody said something.</summary>
/// <param name="Channel">The channel's name.</param>
public sealed record ChannelMessage(string Channel) : ChannelEvent(Channel)
{
    /// <summary>Where it stands in the log; null for an ephemeral message, which is in no log.</summary>
    public StreamPosition? Position { get; init; }

    /// <summary>What was said: JSON in UTF-8, the very bytes that were published. Empty for a binary payload.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>The binary payload, the very bytes that were published, whichever way they came; null where it is JSON (<see cref="Data"/>).</summary>
    public ReadOnlyMemory<byte>? Bytes { get; init; }

    /// <summary>The user who said it; null for the server and for somebody anonymous.</summary>
    public string? From { get; init; }

    /// <summary>The connection that published it, where the channel's kind tells; else null.</summary>
    public string? Connection { get; init; }

    /// <summary>The name of the event that it is, or null.</summary>
    public string? Event { get; init; }

    /// <summary>What it is about, or null.</summary>
    public string? Key { get; init; }

    /// <summary>Whether it was erased: of such a one a history has the position alone. A loop gets <see cref="ChannelRemoved"/> in its place.</summary>
    public bool IsRemoved { get; init; }

    /// <summary>Whether <see cref="Key"/> was taken out of the channel's state. There is then no <see cref="Data"/>.</summary>
    public bool IsKeyRemoval { get; init; }

    /// <summary>Whether this client published it, as the position says that its <c>PublishAsync</c> gave. Of the newest 1,000 that it published;
    /// never of ephemeral messages, which have no position.</summary>
    public bool IsOwn { get; init; }

    /// <summary>When the server accepted it.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>The data as a value; of a binary payload, as <c>byte[]</c>.</summary>
    /// <param name="type">From a source-generated context.</param>
    /// <exception cref="JsonException">It does not fit, as a binary payload fits nothing but <c>byte[]</c>.</exception>
    public T? Read<T>(JsonTypeInfo<T> type) => TryReadBytes<T>(out var bytes) ? bytes : JsonSerializer.Deserialize(Data.Span, type);

    /// <inheritdoc cref="Read{T}(JsonTypeInfo{T})"/>
    /// <param name="options">How to read it; null for the defaults of the web (camelCase).</param>
    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    public T? Read<T>(JsonSerializerOptions? options = null) => TryReadBytes<T>(out var bytes) ? bytes : JsonSerializer.Deserialize<T>(Data.Span, options ?? JsonSerializerOptions.Web);

    private bool TryReadBytes<T>(out T? value)
    {
        value = default;
        if (Bytes is not { } bytes || typeof(T) != typeof(byte[]))
        {
            return false;
        }

        value = (T)(object)bytes.ToArray();
        return true;
    }
}

/// <summary>Messages were missed and are gone: load the state anew. Comes once, before the next message.</summary>
/// <param name="Channel">The channel's name.</param>
/// <param name="Position">Where the log goes on.</param>
/// <param name="From">The first offset that is missing.</param>
/// <param name="To">The last; <paramref name="From"/> − 1 where the log began anew and it is not known.</param>
/// <param name="Reason"><c>trimmed</c>, <c>slow</c>, <c>epoch</c>, or <c>cleared</c> where the log was erased: what the application has kept of it is to go.</param>
public sealed record ChannelGap(string Channel, StreamPosition Position, long From, long To, string Reason) : ChannelEvent(Channel);

/// <summary>The application's own state was loaded: it takes the place of the one before, and what follows comes after its position.</summary>
/// <param name="Channel">The channel's name.</param>
/// <param name="Position">The position that was read before the state.</param>
/// <param name="State">What <see cref="SubscribeOptions.Load"/> gave.</param>
public sealed record ChannelLoaded(string Channel, StreamPosition Position, object? State) : ChannelEvent(Channel);

/// <summary>A message was erased: what the application has kept of it is to go.</summary>
/// <param name="Channel">The channel's name.</param>
/// <param name="Position">Which message. It may have been told long ago, or never.</param>
public sealed record ChannelRemoved(string Channel, StreamPosition Position) : ChannelEvent(Channel);

/// <summary>The subscription is live: for the first time, or again after the client was away.</summary>
/// <param name="Channel">The channel's name.</param>
/// <param name="Position">After which message it goes on.</param>
/// <param name="Recovered">Whether all that was missed follows; null for the first time. Where it is false, a <see cref="ChannelGap"/> comes next.</param>
/// <param name="Presence">Who is there, where it was asked for.</param>
public sealed record ChannelSubscribed(string Channel, StreamPosition Position, bool? Recovered, ChannelPresence? Presence) : ChannelEvent(Channel);

/// <summary>Somebody has come. Of somebody who is there already it changes nothing.</summary>
/// <param name="Channel">The channel's name.</param>
/// <param name="Member">Who.</param>
public sealed record ChannelJoin(string Channel, ChannelMember Member) : ChannelEvent(Channel);

/// <summary>Somebody has gone.</summary>
/// <param name="Channel">The channel's name.</param>
/// <param name="Member">Who.</param>
public sealed record ChannelLeave(string Channel, ChannelMember Member) : ChannelEvent(Channel);

/// <summary>A member says something else of itself.</summary>
/// <param name="Channel">The channel's name.</param>
/// <param name="Member">Who, and what it says now.</param>
public sealed record ChannelUpdate(string Channel, ChannelMember Member) : ChannelEvent(Channel);

/// <summary>How many subscribe has changed, where <see cref="SubscribeOptions.Occupancy"/> asks for it.</summary>
/// <param name="Channel">The channel's name.</param>
/// <param name="Subscribers">How many there are on all nodes.</param>
public sealed record ChannelOccupancy(string Channel, int Subscribers) : ChannelEvent(Channel);

/// <summary>The subscription cannot be had now; the client asks again when it connects anew.</summary>
/// <param name="Channel">The channel's name.</param>
/// <param name="Code">Why.</param>
/// <param name="Error">The same in words.</param>
public sealed record ChannelError(string Channel, ErrorCode Code, string Error) : ChannelEvent(Channel);

/// <summary>Somebody said something to this user or connection alone.</summary>
/// <param name="From">The user who said it; null where it was the server, or somebody anonymous.</param>
/// <param name="Data">JSON in UTF-8.</param>
public sealed record DirectMessage(string? From, ReadOnlyMemory<byte> Data)
{
    /// <summary>The connection of somebody anonymous who said it. Null beside <see cref="From"/>; where both are null, it was the server.</summary>
    public string? Connection { get; init; }

    /// <summary>The data as a value; of a binary payload, as <c>byte[]</c>.</summary>
    /// <param name="type">From a source-generated context.</param>
    /// <exception cref="JsonException">It does not fit, as a binary payload fits nothing but <c>byte[]</c>.</exception>
    public T? Read<T>(JsonTypeInfo<T> type) => JsonSerializer.Deserialize(Data.Span, type);
}
