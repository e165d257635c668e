using System.Collections.Concurrent;
using System.Security.Cryptography;
using Tidings.Protocol;

namespace Tidings.Tasks;

/// <summary>What a task that is to be started is.</summary>
/// <param name="Name">Its kind.</param>
/// <param name="Data">What it is given: JSON, checked; empty where there is nothing.</param>
/// <param name="Id">Its id; null for a random one.</param>
/// <param name="Cancel">Which clients may cancel it; null where its kind says so.</param>
internal sealed record TaskOrder(string Name, ReadOnlyMemory<byte> Data, string? Id, ChannelAccess? Cancel);

/// <summary>Starts tasks: in this process where it has code for them. Safe from any thread.</summary>
internal sealed class TaskStarting(TaskRegistry tasks, TaskQueue queue)
{
    private readonly ConcurrentDictionary<string, TaskKind> _kinds = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">There is such a kind already.</exception>
    public void Add(TaskKind kind)
    {
        if (!_kinds.TryAdd(kind.Name, kind))
        {
            throw new ArgumentException($"There is a task \"{kind.Name}\" already.", nameof(kind));
        }
    }

    /// <summary>Puts a kind in the place of the one with the same name.</summary>
    public void Change(TaskKind kind) => _kinds[kind.Name] = kind;

    /// <summary>What is wrong with an order: the field and what would be right. Null where nothing is.</summary>
    public (string Field, string Message)? Fault(TaskOrder order) =>
        !ChannelName.IsValidRoom(order.Name) || order.Name.Length > TaskRules.LongestName
            ? ("name", $"A task's name is 1 to {TaskRules.LongestName} bytes of letters and digits (Unicode's form C) and _ . : - @.")
        : order.Id is { } id && !TaskId.IsValid(id) ? ("task_id", $"A task's id is {TaskId.Rule}.")
        : order.Data.Length > tasks.Options.PayloadBytes ? ("data", $"This has at most {tasks.Options.PayloadBytes} bytes.")
        : null;

    /// <exception cref="TaskRefusedException">There is no room, the id is taken, or the process stops.</exception>
    public async Task<TaskState> StartAsync(TaskOrder order, CancellationToken cancellationToken)
    {
        var kind = _kinds.GetValueOrDefault(order.Name);
        var state = new TaskState { Id = order.Id ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), Name = order.Name };
        var record = new TaskRecord(state)
        {
            // A task of this process has it in its queue.
            Data = kind is null ? order.Data : default,
            Cancel = order.Cancel ?? kind?.Cancel ?? ChannelAccess.Server,
            Node = kind is null ? null : queue.Node,
        };
        if (kind is null)
        {
            await AddAsync(record, cancellationToken).ConfigureAwait(false);
            return state;
        }

        if (!queue.TryReserve(out var stopped))
        {
            throw stopped
                ? new TaskRefusedException(ErrorCode.Unavailable, "The server is shutting down.")
                : new TaskRefusedException(ErrorCode.TooMany, "Too many tasks wait for their turn.");
        }

        try
        {
            await AddAsync(record, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            queue.GiveBack();
            throw;
        }

        queue.Enqueue(state.Id, kind, order.Data);
        return state;
    }

    private async ValueTask AddAsync(TaskRecord record, CancellationToken cancellationToken)
    {
        switch (await tasks.AddAsync(record, cancellationToken).ConfigureAwait(false))
        {
            case TaskAdded.Exists:
                throw new TaskRefusedException(ErrorCode.Conflict, "There is a task with this id.");
            case TaskAdded.Full:
                throw new TaskRefusedException(ErrorCode.TooMany, "There is no room for another task.");
        }
    }
}
