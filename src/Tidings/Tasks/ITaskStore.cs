namespace Tidings.Tasks;

/// <summary>What came of adding a task.</summary>
public enum TaskAdded : byte
{
    /// <summary>It is kept.</summary>
    Yes,

    /// <summary>There is a task with this id.</summary>
    Exists,

    /// <summary>There is no room for another one.</summary>
    Full,
}

/// <summary>Keeps tasks: the one truth about them for all nodes. Safe from any thread.</summary>
/// <remarks>
/// Each task is due at some time, by the store's own clock: so long after its last write as that said. The store does
/// nothing with tasks that are due but list them. A store that cannot be reached fails with
/// <see cref="Brokers.BrokerUnavailableException"/>, in time. Writes cannot be cancelled: what the store has taken must be told, even where the
/// caller has gone.
/// </remarks>
public interface ITaskStore
{
    /// <summary>Keeps a new task.</summary>
    /// <param name="record">The task.</param>
    /// <param name="due">How long from now it is due.</param>
    ValueTask<TaskAdded> TryAddAsync(TaskRecord record, TimeSpan due);

    /// <summary>Reads a task.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Null where there is none.</returns>
    ValueTask<TaskRecord?> FindAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Puts a task in the place of its former version, if that is still <paramref name="version"/>: of several that try, one succeeds.</summary>
    /// <param name="record">The task, with the next version.</param>
    /// <param name="version">The version that it follows.</param>
    /// <param name="due">How long from now it is due.</param>
    /// <returns>Whether it was put there.</returns>
    ValueTask<bool> TryReplaceAsync(TaskRecord record, long version, TimeSpan due);

    /// <summary>Forgets a task, if its version is still <paramref name="version"/>; otherwise nothing happens.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="version">The version.</param>
    ValueTask RemoveAsync(string id, long version);

    /// <summary>Tasks that are due, the longest waiting first.</summary>
    /// <param name="most">The most tasks.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<IReadOnlyList<TaskRecord>> ListDueAsync(int most, CancellationToken cancellationToken = default);

    /// <summary>Whether somebody else logs when the store cannot be reached, and when it can be again.</summary>
    bool IsWatched => false;

    /// <summary>Tasks whether they are due or not, those first that will be soonest: a worker renews its lease all the time, what has ended is kept for long.</summary>
    /// <param name="most">The most tasks.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<IReadOnlyList<TaskRecord>> ListAsync(int most, CancellationToken cancellationToken = default);
}
