using System.Diagnostics.Tracing;

namespace Tidings.Lanes;

/// <summary>The event source <c>Tidings-Lanes</c>: what fails on any lane of the process, whatever its logger keeps.</summary>
[EventSource(Name = SourceName)]
internal sealed class LaneEvents : EventSource
{
    public const string SourceName = "Tidings-Lanes";

    public static readonly LaneEvents Log = new();

    private LaneEvents()
    {
    }

    [NonEvent]
    public void WorkFailed(string kind, Exception error)
    {
        if (IsEnabled())
        {
            WorkFailed(kind, error.ToString());
        }
    }

    [Event(1, Level = EventLevel.Error, Message = "Work of kind {0} failed on its lane: {1}")]
    private void WorkFailed(string kind, string error) => WriteEvent(1, kind, error);
}
