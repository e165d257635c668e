namespace Tidings.Tasks;

/// <summary>What a worker says of its task. Nothing in it is a sign of life alone.</summary>
internal sealed record TaskReport
{
    public static readonly TaskReport Alive = new();

    public WorkStatus? Status { get; init; }
    public double? Progress { get; init; }
    /// <summary>At most <see cref="TaskText.MostMessageBytes"/>, as <see cref="Error"/>; what is longer is cut.</summary>
    public string? Message { get; init => field = TaskText.CutMessage(value); }

    /// <summary>JSON, checked; empty where there is none.</summary>
    public ReadOnlyMemory<byte> Result { get; init; }

    public string? Error { get; init => field = TaskText.CutMessage(value); }

    /// <summary>Lines for those who read the task's log, each of at most <see cref="TaskText.MostLineBytes"/>; what is longer is cut.</summary>
    public IReadOnlyList<string> Log { get; init => field = [.. value.Select(TaskText.CutLine)]; } = [];
}

/// <summary>What becomes of a report.</summary>
internal enum TaskVerdict : byte
{
    /// <summary>The task has another state.</summary>
    Changed,

    /// <summary>It says nothing new, or less than is known; the worker is alive.</summary>
    Ignored,

    /// <summary>It is the final report once more.</summary>
    Repeated,

    /// <summary>The task has ended otherwise.</summary>
    Conflict,

    /// <summary>There is no such task.</summary>
    NotFound,
}

/// <summary>What came of a report, and the task's state after it.</summary>
internal readonly record struct TaskOutcome(TaskVerdict Verdict, TaskState? State)
{
    public bool IsAccepted => Verdict <= TaskVerdict.Repeated;
}
