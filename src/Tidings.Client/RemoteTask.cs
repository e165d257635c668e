using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>
/// A task on the server: <c>await foreach</c> gives the present state, what follows (of fast changes the newest) and the final state, with which it ends.
/// </summary>
/// <remarks>Safe from any thread; several loops may run at once, of one object for each task of a client. Lives through broken connections. A loop
/// fails with <see cref="TidingsException"/> where there is no such task, or it may not be watched.</remarks>
public sealed class RemoteTask : IAsyncEnumerable<TaskState>
{
    private readonly TidingsClient _client;
    private readonly Lock _gate = new();
    private TaskCompletionSource _change = NewChange();
    private ChannelSubscription? _subscription;
    private TaskState? _state;
    private Exception? _error;
    private int _loops;

    internal RemoteTask(TidingsClient client, string id) => (_client, Id) = (client, id);

    /// <summary>The task's id.</summary>
    public string Id { get; }

    /// <summary>The newest state that is known; null before the first.</summary>
    public TaskState? State => Volatile.Read(ref _state);

    /// <inheritdoc cref="RemoteTask"/>
    /// <param name="cancellationToken">Ends the loop.</param>
    public async IAsyncEnumerator<TaskState> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        Enter();
        try
        {
            TaskState? seen = null;
            while (seen is not { IsFinal: true })
            {
                var (state, error, change) = Look();
                if (state is not null && !ReferenceEquals(state, seen))
                {
                    yield return seen = state;
                }
                else if (error is not null)
                {
                    throw error;
                }
                else
                {
                    await change.WaitAsync(cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            await LeaveAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Waits for the task's end.</summary>
    /// <param name="cancellationToken">Ends the waiting, not the task.</param>
    /// <returns>The final state, with the result.</returns>
    /// <exception cref="TaskFailedException">The task failed or was cancelled.</exception>
    /// <exception cref="TidingsException">There is no such task, or it may not be watched.</exception>
    public async Task<TaskState> WaitAsync(CancellationToken cancellationToken = default)
    {
        TaskState? last = null;
        await foreach (var state in this.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            last = state;
        }

        return last is { Status: WorkStatus.Completed } ? last : throw new TaskFailedException(last!);
    }

    /// <summary>Waits for the task's end and reads its result.</summary>
    /// <param name="type">How it is read, from a source-generated context.</param>
    /// <param name="cancellationToken">Ends the waiting, not the task.</param>
    /// <exception cref="TaskFailedException">The task failed or was cancelled.</exception>
    /// <exception cref="TidingsException">There is no such task, or it may not be watched.</exception>
    public async Task<T?> ResultAsync<T>(JsonTypeInfo<T> type, CancellationToken cancellationToken = default) =>
        (await WaitAsync(cancellationToken).ConfigureAwait(false)).ReadResult(type);

    /// <inheritdoc cref="ResultAsync{T}(JsonTypeInfo{T}, CancellationToken)"/>
    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    public async Task<T?> ResultAsync<T>(CancellationToken cancellationToken = default) =>
        (await WaitAsync(cancellationToken).ConfigureAwait(false)).ReadResult<T>();

    /// <summary>What the task says besides its state, as it comes and from the beginning, each byte once. It ends with the task; whether that failed, <see cref="WaitAsync"/> says.</summary>
    /// <remarks>Read over HTTP: the client need not be connected, and does not connect for it. It fails when the client is closed.</remarks>
    /// <param name="offset">The first byte, where not all is wanted.</param>
    /// <param name="cancellationToken">Ends the loop.</param>
    /// <exception cref="TidingsException">There is no such task, or it may not be watched; or the output has not so many bytes; or the client is closed for good.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed.</exception>
    public IAsyncEnumerable<TaskOutputPart> OutputAsync(long offset = 0, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return _client.ReadOutputAsync(Id, offset, cancellationToken);
    }

    /// <summary>Cancels the task, where clients may.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="TidingsException">They may not, or it has ended otherwise (<see cref="ErrorCode.Conflict"/>).</exception>
    public Task CancelAsync(CancellationToken cancellationToken = default) =>
        _client.PublishJsonAsync(TaskId.ChannelOf(Id), "{\"type\":\"cancel\"}"u8.ToArray(), cancellationToken: cancellationToken);

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private (TaskState? State, Exception? Error, Task Change) Look()
    {
        lock (_gate)
        {
            return (_state, _error, _change.Task);
        }
    }

    private void Enter()
    {
        lock (_gate)
        {
            if (_loops == 0 && _state is not { IsFinal: true })
            {
                _error = null;
                _subscription = _client.Subscribe(TaskId.ChannelOf(Id), new SubscribeOptions { Last = 1 });
                _ = ReadAsync(_subscription);
            }

            _loops++;
        }
    }

    private async ValueTask LeaveAsync()
    {
        ChannelSubscription? subscription = null;
        lock (_gate)
        {
            if (--_loops == 0)
            {
                (subscription, _subscription) = (_subscription, null);
            }
        }

        if (subscription is not null)
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task ReadAsync(ChannelSubscription subscription)
    {
        Exception? end = null;
        try
        {
            await foreach (var told in subscription.WithCancellation(default).ConfigureAwait(false))
            {
                if (told is ChannelMessage message)
                {
                    Take(message);
                }
                else if (told is ChannelGap)
                {
                    // What was missed need not be had: the newest state is all there is to know.
                    await CatchUpAsync().ConfigureAwait(false);
                }
            }
        }
#pragma warning disable CA1031 // Whatever ends the subscription ends the loops, with the same.
        catch (Exception error)
#pragma warning restore CA1031
        {
            end = error;
        }

        lock (_gate)
        {
            _error = end ?? new ObjectDisposedException(nameof(TidingsClient));
            Tell_NeedsLock();
        }
    }

    private async Task CatchUpAsync()
    {
        try
        {
            foreach (var message in (await _client.HistoryAsync(TaskId.ChannelOf(Id), new HistoryOptions { Last = 1 }).ConfigureAwait(false)).Messages)
            {
                Take(message);
            }
        }
        catch (TidingsException)
        {
            // The next change says it.
        }
    }

    private void Take(ChannelMessage message)
    {
        if (TaskStateJson.Read(message.Data.Span) is not { } state)
        {
            return;
        }

        lock (_gate)
        {
            if (state.Follows(_state))
            {
                _state = state;
                Tell_NeedsLock();
            }
        }
    }

    private void Tell_NeedsLock()
    {
        _change.TrySetResult();
        _change = NewChange();
    }
}
