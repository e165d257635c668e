using System.Text.Json;

namespace Tidings.Tasks;

/// <summary>From which state a task may come into which (docs/protocol.md, "Tasks").</summary>
internal static class TaskRules
{
    public const int LongestName = 128;

    /// <summary>What is wrong with a report, whatever the task's state: the field and what would be right. Null where nothing is.</summary>
    public static (string Field, string Message)? Fault(TaskReport report, int mostPayloadBytes)
    {
        if (report.Status == WorkStatus.Pending)
        {
            return ("status", "This is \"running\", \"completed\", \"failed\" or \"cancelled\"; no report makes a task pending again.");
        }

        if (report.Progress is { } progress && progress is not (>= 0 and <= 100))
        {
            return ("progress", "This is a number from 0 to 100.");
        }

        if (report.Error is not null && report.Status is not (WorkStatus.Failed or WorkStatus.Cancelled))
        {
            return ("error", "Only a task that is \"failed\" or \"cancelled\" has an error.");
        }

        if (!report.Result.IsEmpty && report.Status != WorkStatus.Completed)
        {
            return ("result", "Only a task that is \"completed\" has a result.");
        }

        return report.Result.Length > mostPayloadBytes ? ("result", $"This has at most {mostPayloadBytes} bytes.") : null;
    }

    /// <summary>What becomes of a sound report on a task in this state.</summary>
    public static (TaskVerdict Verdict, TaskState State) Apply(TaskState state, TaskReport report)
    {
        if (state.IsFinal)
        {
            return (IsRepeat(state, report) ? TaskVerdict.Repeated : TaskVerdict.Conflict, state);
        }

        var status = report.Status ?? WorkStatus.Running;
        if (status == WorkStatus.Running && report.Progress < state.Progress)
        {
            return (TaskVerdict.Ignored, state);
        }

        var next = state with
        {
            Status = status,
            Progress = status == WorkStatus.Completed ? 100 : Math.Max(state.Progress, report.Progress ?? 0),
            Message = report.Message ?? state.Message,
            Result = report.Result,
            Error = report.Error,
        };
        return next.Equals(state) ? (TaskVerdict.Ignored, state) : (TaskVerdict.Changed, next);
    }

    // What a repeat does not say counts as said.
    private static bool IsRepeat(TaskState state, TaskReport report) =>
        report.Status == state.Status
        && (report.Progress is null || report.Progress <= state.Progress)
        && (report.Message is null || report.Message == state.Message)
        && (report.Error is null || report.Error == state.Error)
        && (report.Result.IsEmpty || IsSame(report.Result, state.Result));

    private static bool IsSame(ReadOnlyMemory<byte> one, ReadOnlyMemory<byte> other)
    {
        if (one.IsEmpty || other.IsEmpty)
        {
            return one.IsEmpty && other.IsEmpty;
        }

        using var a = JsonDocument.Parse(one);
        using var b = JsonDocument.Parse(other);
        return JsonElement.DeepEquals(a.RootElement, b.RootElement);
    }
}
