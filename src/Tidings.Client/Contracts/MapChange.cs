using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>A value of a <see cref="ChannelMap{T}"/>. Immutable.</summary>
/// <typeparam name="T">The value's type.</typeparam>
/// <param name="Value">The value.</param>
/// <param name="Position">Of the message that set it.</param>
/// <param name="Time">When the server accepted it.</param>
public sealed record MapEntry<T>(T? Value, StreamPosition Position, DateTimeOffset Time)
{
    /// <summary>The user who set it; null for the server and for somebody anonymous.</summary>
    public string? From { get; init; }

    /// <summary>The name of the event that the message was, or null.</summary>
    public string? Event { get; init; }
}

/// <summary>A change of a <see cref="ChannelMap{T}"/>. Immutable.</summary>
/// <typeparam name="T">The values' type.</typeparam>
/// <param name="Key">Which key.</param>
/// <param name="Previous">What it had before; null for a new key.</param>
/// <param name="Current">What it has now; null where it is gone.</param>
public sealed record MapChange<T>(string Key, MapEntry<T>? Previous, MapEntry<T>? Current)
{
    /// <summary>Whether the key is gone.</summary>
    public bool IsRemoved => Current is null;
}
