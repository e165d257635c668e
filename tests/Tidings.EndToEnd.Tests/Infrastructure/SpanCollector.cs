using System.Collections.Concurrent;
using System.Diagnostics;

namespace Tidings.EndToEnd.Tests.Infrastructure;

/// <summary>Listens to the spans of Tidings that belong to one trace, as a tracer does that records all of it, or nothing.</summary>
internal sealed class SpanCollector : IDisposable
{
    private readonly ConcurrentQueue<Activity> _spans = [];
    private readonly ActivityListener _listener;

    public SpanCollector(bool records = true)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Tidings",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                records && options.Parent.TraceId == TraceId ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public ActivityTraceId TraceId { get; } = ActivityTraceId.CreateRandom();

    /// <summary>The span that all others come from, as it is said in a request.</summary>
    public string TraceParent => $"00-{TraceId}-00f067aa0ba902b7-01";

    /// <summary>Spans of the trace that are recorded. Other listeners of this process may have others made.</summary>
    public IReadOnlyList<Activity> Named(string name) => [.. _spans.Where(span => span.OperationName == name && span.TraceId == TraceId && span.Recorded)];

    public void Dispose() => _listener.Dispose();
}
