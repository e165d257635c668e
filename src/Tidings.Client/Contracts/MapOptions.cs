namespace Tidings.Client;

/// <summary>What a <see cref="ChannelMap{T}"/> tells. The calls come one at a time and in order, and must not take long: the map waits for them.</summary>
/// <typeparam name="T">The values' type.</typeparam>
public sealed record MapOptions<T>
{
    /// <summary>A key has another value, or is gone. The first state is told key by key; one that was loaded again by what is different in it. Default none.</summary>
    public Action<MapChange<T>>? Changed { get; init; }

    /// <summary>All is there: for the first time, and each time it was loaded again, after the changes that it brought. Default none.</summary>
    public Action<IReadOnlyDictionary<string, T?>>? Ready { get; init; }

    /// <summary>It cannot be had now; the client asks again when it connects anew. Default none.</summary>
    public Action<ChannelError>? Failed { get; init; }

    /// <inheritdoc cref="SubscribeOptions.Token"/>
    public Func<string, CancellationToken, ValueTask<string?>>? Token { get; init; }
}
