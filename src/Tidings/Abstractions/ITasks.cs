using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using Tidings.Protocol;

namespace Tidings;

/// <summary>Starts, watches and ends tasks, from wherever an application has this service. Safe from any thread.</summary>
/// <remarks>Where the store cannot be reached, calls fail with <see cref="Brokers.BrokerUnavailableException"/>.</remarks>
public interface ITasks
{
    /// <summary>Starts a task. One that this process has code for (<c>tasks.Map</c>) is queued; any other waits for a worker outside.</summary>
    /// <param name="name">Its kind: 1 to 128 bytes of letters and digits and <c>_ . - @</c>.</param>
    /// <param name="args">What it is given; it becomes JSON by the application's options.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the call; the task may have been started.</param>
    /// <returns>The task's state, with its id.</returns>
    /// <exception cref="TaskRefusedException">The queue is full, the id is taken, or the process stops.</exception>
    /// <exception cref="ArgumentException">Name or id cannot be such, or the JSON is too large.</exception>
    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    Task<TaskState> StartAsync<T>(string name, T args, TaskStartOptions? options = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="StartAsync{T}(string, T, TaskStartOptions?, CancellationToken)"/>
    /// <param name="name">Its kind.</param>
    /// <param name="args">What it is given.</param>
    /// <param name="type">How that becomes JSON, from a source-generated context.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the call; the task may have been started.</param>
    Task<TaskState> StartAsync<T>(string name, T args, JsonTypeInfo<T> type, TaskStartOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Starts a task that is given nothing.</summary>
    /// <param name="name">Its kind.</param>
    /// <param name="cancellationToken">Ends the call; the task may have been started.</param>
    /// <exception cref="TaskRefusedException">The queue is full, or the process stops.</exception>
    /// <exception cref="ArgumentException">The name cannot be one.</exception>
    Task<TaskState> StartAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Starts a task that is given JSON as it is.</summary>
    /// <param name="name">Its kind.</param>
    /// <param name="json">One JSON value in UTF-8, of at most 64 levels; empty for nothing.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the call; the task may have been started.</param>
    /// <exception cref="TaskRefusedException">The queue is full, the id is taken, or the process stops.</exception>
    /// <exception cref="ArgumentException">Name or id cannot be such, or it is no JSON, or too large.</exception>
    Task<TaskState> StartJsonAsync(string name, ReadOnlyMemory<byte> json, TaskStartOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>A task's state; null where there is none of that id, or it ended too long ago.</summary>
    /// <param name="id">The task's id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<TaskState?> FindAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Cancels a task, in this process or at a worker elsewhere: it is cancelled at once, and its worker is told.</summary>
    /// <param name="id">The task's id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Its state after that: the final one it had, where it had ended before. Null where there is no such task.</returns>
    ValueTask<TaskState?> CancelAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>The task's present state, each change that follows (of fast ones the newest), and the final state.</summary>
    /// <param name="id">The task's id.</param>
    /// <param name="cancellationToken">Ends the loop.</param>
    /// <returns>Nothing where there is no such task.</returns>
    IAsyncEnumerable<TaskState> WatchAsync(string id, CancellationToken cancellationToken = default);
}

/// <summary>How a task is started.</summary>
public sealed record TaskStartOptions
{
    /// <summary>The task's id: 1 to 128 bytes of letters and digits and <c>_ . - @</c>, not beginning with a dot. Default a random one that
    /// nobody can guess; anyone who knows the id may watch the task, where its channel is open to them.</summary>
    public string? Id { get; init; }

    /// <summary>Which clients may cancel it, of those who may watch it. Default: as its kind says, and none for a worker outside.</summary>
    public ChannelAccess? AllowCancel { get; init; }
}

/// <summary>A task cannot be started now.</summary>
public sealed class TaskRefusedException : Exception
{
    /// <inheritdoc cref="TaskRefusedException"/>
    public TaskRefusedException()
        : this(ErrorCode.Unavailable, "The task cannot be started now.")
    {
    }

    /// <inheritdoc cref="TaskRefusedException"/>
    public TaskRefusedException(string message)
        : this(ErrorCode.Unavailable, message)
    {
    }

    /// <inheritdoc cref="TaskRefusedException"/>
    public TaskRefusedException(string message, Exception innerException)
        : base(message, innerException) => Code = ErrorCode.Unavailable;

    internal TaskRefusedException(ErrorCode code, string message)
        : base(message) => Code = code;

    /// <summary><see cref="ErrorCode.TooMany"/>: no room; <see cref="ErrorCode.Conflict"/>: the id is taken; <see cref="ErrorCode.Unavailable"/>: the process stops.</summary>
    public ErrorCode Code { get; }
}
