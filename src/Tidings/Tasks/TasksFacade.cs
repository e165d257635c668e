using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Protocol.Commands;

namespace Tidings.Tasks;

/// <summary>Tasks as applications see them.</summary>
internal sealed class TasksFacade(TaskRegistry tasks, TaskStarting starting, TaskCancelling cancelling, Hub hub, IBroker broker, JsonSerializerOptions json) : ITasks
{
    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    public Task<TaskState> StartAsync<T>(string name, T args, TaskStartOptions? options = null, CancellationToken cancellationToken = default) =>
        StartCheckedAsync(name, CommandReader.WithoutLineBreaks(JsonSerializer.SerializeToUtf8Bytes(args, json)), options, cancellationToken);

    public Task<TaskState> StartAsync<T>(string name, T args, JsonTypeInfo<T> type, TaskStartOptions? options = null, CancellationToken cancellationToken = default) =>
        StartCheckedAsync(name, CommandReader.WithoutLineBreaks(JsonSerializer.SerializeToUtf8Bytes(args, type)), options, cancellationToken);

    public Task<TaskState> StartAsync(string name, CancellationToken cancellationToken = default) =>
        StartCheckedAsync(name, default, null, cancellationToken);

    public Task<TaskState> StartJsonAsync(string name, ReadOnlyMemory<byte> json, TaskStartOptions? options = null, CancellationToken cancellationToken = default) =>
        StartCheckedAsync(
            name,
            json.IsEmpty ? default : JsonPayload.Copy(json.Span) ?? throw new ArgumentException($"The data must be one JSON value in UTF-8, of at most {JsonPayload.MaxDepth} levels.", nameof(json)),
            options,
            cancellationToken);

    public async ValueTask<TaskState?> FindAsync(string id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        return TaskId.IsValid(id) ? (await tasks.FindAsync(id, cancellationToken).ConfigureAwait(false))?.State : null;
    }

    public async ValueTask<TaskState?> CancelAsync(string id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        return TaskId.IsValid(id) ? (await cancelling.CancelAsync(id, cancellationToken).ConfigureAwait(false)).State : null;
    }

    public async IAsyncEnumerable<TaskState> WatchAsync(string id, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (!TaskId.IsValid(id))
        {
            yield break;
        }

        var inbox = new TaskInbox(id);
        hub.Listen(inbox, TaskId.ChannelOf(id));
        try
        {
            await broker.ListenAsync(TaskId.ChannelOf(id), cancellationToken).ConfigureAwait(false);
            if (await tasks.FindAsync(id, cancellationToken).ConfigureAwait(false) is not { } record)
            {
                yield break;
            }

            for (var state = record.State; ; state = await inbox.NextAsync(state, cancellationToken).ConfigureAwait(false))
            {
                yield return state;
                if (state.IsFinal)
                {
                    yield break;
                }
            }
        }
        finally
        {
            hub.EndListening(inbox, TaskId.ChannelOf(id));
        }
    }

    private Task<TaskState> StartCheckedAsync(string name, ReadOnlyMemory<byte> data, TaskStartOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(name);
        var order = new TaskOrder(name, data, options?.Id, options?.AllowCancel);
        return starting.Fault(order) is { } fault
            ? throw new ArgumentException(fault.Message, fault.Field == "name" ? nameof(name) : fault.Field == "data" ? "args" : nameof(options))
            : starting.StartAsync(order, cancellationToken);
    }
}
