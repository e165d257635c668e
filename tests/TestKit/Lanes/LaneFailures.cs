using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using TestKit.Lanes;

[assembly: Xunit.AssemblyFixture(typeof(LaneFailures))]

namespace TestKit.Lanes;

/// <summary>Fails a suite in which work failed on a lane: a lane logs that and goes on, so no test would notice.</summary>
/// <remarks>Compiled into every suite. A test that makes work fail throws an exception that says <see cref="OnPurpose"/>.</remarks>
internal sealed class LaneFailures : EventListener, IDisposable
{
    public const string OnPurpose = "on purpose";

    private const string SourceName = "Tidings-Lanes";

    // Static: sources are told of while the base class is made, before the fields of this one.
    private static readonly ConcurrentQueue<string> Failures = [];

    public override void Dispose()
    {
        base.Dispose();
        if (!Failures.IsEmpty)
        {
            throw new Xunit.Sdk.XunitException($"{Failures.Count} times work failed on a lane:\n{string.Join("\n\n", Failures.Take(10))}");
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == SourceName)
        {
            EnableEvents(eventSource, EventLevel.Error);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.Payload is [string kind, string error] && !error.Contains(OnPurpose, StringComparison.Ordinal))
        {
            Failures.Enqueue($"{kind}: {error}");
        }
    }
}
