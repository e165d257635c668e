namespace Tidings;

/// <summary>How far a task has come. The last three are final.</summary>
public enum WorkStatus
{
    /// <summary>Nobody works on it yet.</summary>
    Pending,

    /// <summary>Somebody does.</summary>
    Running,

    /// <summary>It was done; there may be a result.</summary>
    Completed,

    /// <summary>It could not be done; there is an error.</summary>
    Failed,

    /// <summary>Somebody ended it before it was done.</summary>
    Cancelled,
}

internal static class WorkStatuses
{
    private static readonly string[] Wire = ["pending", "running", "completed", "failed", "cancelled"];

    /// <summary>The status' word on the wire.</summary>
    public static string ToWire(this WorkStatus status) => Wire[(int)status];

    public static WorkStatus? FromWire(string? word) => Array.IndexOf(Wire, word) is var index and >= 0 ? (WorkStatus)index : null;
}
