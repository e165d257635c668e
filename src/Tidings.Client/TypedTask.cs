using System.Text.Json.Serialization.Metadata;

namespace Tidings.Client;

/// <summary>A task of which is known what it results in.</summary>
/// <typeparam name="T">The result's type.</typeparam>
public sealed class TypedTask<T>
{
    private readonly JsonTypeInfo<T> _type;

    /// <summary>Names a task and its result.</summary>
    /// <param name="client">The client, which stays the caller's.</param>
    /// <param name="id">The task's id.</param>
    /// <param name="type">How the result is read, from a source-generated context.</param>
    /// <exception cref="ArgumentException"><paramref name="id"/> is no id of a task.</exception>
    public TypedTask(TidingsClient client, string id, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(type);
        (Task, _type) = (client.WatchTask(id), type);
    }

    /// <summary>The task: its progress and output, and cancelling it.</summary>
    public RemoteTask Task { get; }

    /// <inheritdoc cref="RemoteTask.ResultAsync{T}(JsonTypeInfo{T}, CancellationToken)"/>
    public Task<T?> ResultAsync(CancellationToken cancellationToken = default) => Task.ResultAsync(_type, cancellationToken);
}
