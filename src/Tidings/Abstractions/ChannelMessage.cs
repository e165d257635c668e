using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tidings.Protocol;

namespace Tidings;

/// <summary>What a subscription inside the process gets.</summary>
public enum ChannelMessageKind
{
    /// <summary>Somebody said something.</summary>
    Message,

    /// <summary>Messages were missed and are gone: reload the state. <see cref="ChannelMessage.Position"/> is where the log goes on.</summary>
    Gap,

    /// <summary>A message was erased: what was kept of it is to go. <see cref="ChannelMessage.Position"/> says which; all else is empty.</summary>
    Removed,

    /// <summary>Somebody took <see cref="ChannelMessage.Key"/> out of the channel's state. It has no data.</summary>
    KeyRemoval,
}

/// <summary>A message of a channel. Immutable.</summary>
public sealed record ChannelMessage
{
    /// <summary>A message, or the news that some were missed.</summary>
    public ChannelMessageKind Kind { get; init; }

    /// <summary>The channel's name.</summary>
    public required string Channel { get; init; }

    /// <summary>Where it stands in the log. Offset 0: an ephemeral message, which is in no log. To go on later, keep the last that is not.</summary>
    public StreamPosition Position { get; init; }

    /// <summary>What was said: JSON in UTF-8, the very bytes that were published. Empty for a binary payload, for a gap, and for what was removed.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>The binary payload, the very bytes that were published; null where it is JSON (<see cref="Data"/>).</summary>
    public ReadOnlyMemory<byte>? Bytes { get; init; }

    /// <summary>The user who said it; null for the server and for somebody anonymous.</summary>
    public string? From { get; init; }

    /// <summary>The connection that said it, where the channel's kind has <see cref="ChannelOptions.Publisher"/>; null for the server, a text room and a
    /// request of HTTP, which have none that lasts.</summary>
    public string? Connection { get; init; }

    /// <summary>The name of the event that it is, or null.</summary>
    public string? Event { get; init; }

    /// <summary>What it is about, or null.</summary>
    public string? Key { get; init; }

    /// <summary>When the broker accepted it.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>Why messages were missed: <c>trimmed</c>, <c>epoch</c> or <c>cleared</c>; null for a message.</summary>
    public string? Reason { get; init; }

    /// <summary>The data as a value; of a binary payload, as <c>byte[]</c>.</summary>
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

/// <summary>A part of a channel's history.</summary>
/// <param name="Position">Of the newest message there is.</param>
/// <param name="Recovered">Whether what lies next to the position asked for was there: all that came after it, or the message just before it, unless there
/// never was one. True where none was asked for.</param>
/// <param name="Messages">In order, without holes; empty where not recovered. Of what was erased the place is there, as <see cref="ChannelMessageKind.Removed"/>.</param>
public sealed record ChannelHistory(StreamPosition Position, bool Recovered, IReadOnlyList<ChannelMessage> Messages);

/// <summary>Who listens to a channel.</summary>
/// <param name="Members">At most as many as were asked for.</param>
/// <param name="Count">How many there are.</param>
public sealed record ChannelPresence(IReadOnlyList<ChannelMember> Members, int Count);

/// <summary>Somebody who listens.</summary>
/// <param name="User">The user's id; for somebody anonymous <c>~</c> and the connection's id, which no user's id begins with.</param>
/// <param name="Connections">How many connections the member listens with.</param>
/// <param name="Info">JSON about the member, or empty: what clients say of themselves where the channel's kind has <c>PresenceInfo</c>.</param>
public sealed record ChannelMember(string User, int Connections, ReadOnlyMemory<byte> Info)
{
    /// <summary>The connection that the member is, where the channel's kind has <see cref="PresencePer.Connection"/>; null where a member is a user.</summary>
    public string? Connection { get; init; }

    /// <summary>JSON that a token or a hook says of the user, where the channel's kind has <c>PresenceInfo</c>; or empty.</summary>
    public ReadOnlyMemory<byte> UserInfo { get; init; }
}
