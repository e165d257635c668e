namespace Tidings;

/// <summary>A task has failed or was cancelled. A task's own code throws it to say why in words for people; who waits for a result gets it.</summary>
public sealed class TaskFailedException : Exception
{
    /// <inheritdoc cref="TaskFailedException"/>
    public TaskFailedException()
        : this("The task failed.")
    {
    }

    /// <summary>Says why.</summary>
    /// <param name="message">The task's <see cref="TaskState.Error"/>: everyone who may watch it can read this.</param>
    public TaskFailedException(string message)
        : base(message)
    {
    }

    /// <summary>Says why.</summary>
    /// <param name="message">The task's <see cref="TaskState.Error"/>: everyone who may watch it can read this.</param>
    /// <param name="innerException">What lies behind it, which is logged and goes nowhere else.</param>
    public TaskFailedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    internal TaskFailedException(TaskState state)
        : base(state.Error ?? (state.Status == WorkStatus.Cancelled ? "The task was cancelled." : "The task failed.")) => State = state;

    /// <summary>The task's final state, where somebody waited for it; otherwise null.</summary>
    public TaskState? State { get; }
}
