using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tidings.Diagnostics;
using Tidings.Protocol;

namespace Tidings.Brokers;

/// <summary>The door of the log: refuses what no log could give back, measures how long the broker takes, counts what it accepts, and has a span for each publish that somebody traces.</summary>
internal sealed class ObservedBroker : IBroker
{
    private static readonly KeyValuePair<string, object?> Publishing = new("operation", "publish");
    private static readonly KeyValuePair<string, object?> Reading = new("operation", "read");
    private static readonly KeyValuePair<string, object?> Listening = new("operation", "listen");
    private static readonly KeyValuePair<string, object?> Erasing = new("operation", "erase");

    private readonly IBroker _broker;
    private readonly TimeProvider _time;
    private readonly Histogram<double> _duration;
    private long _publishes;

    public ObservedBroker(IBroker broker, IMeterFactory meters, TimeProvider time)
    {
        (_broker, _time) = (broker, time);
        var meter = meters.Create(TidingsMeter.Name);
        meter.CreateObservableCounter("tidings.publishes", () => Interlocked.Read(ref _publishes), "{message}", "Messages that the broker accepted from this node.");
        _duration = meter.CreateHistogram("tidings.broker.duration", "s", "How long the broker took, failures included.", tags: null, TidingsMeter.Seconds);
    }

    public ValueTask<StreamPosition?> PublishAsync(Publication publication, CancellationToken cancellationToken = default)
    {
        publication.Check();
        if (Tracing.IsWanted)
        {
            return TraceAsync(publication, cancellationToken);
        }

        var started = _time.GetTimestamp();
        var publishing = _broker.PublishAsync(publication, cancellationToken);
        if (!publishing.IsCompletedSuccessfully)
        {
            return FinishPublishAsync(publishing, started);
        }

        Interlocked.Increment(ref _publishes);
        Record(started, Publishing);
        return publishing;
    }

    public ValueTask ReleaseAsync(string channel, IReadOnlyList<string> idempotencyKeys, CancellationToken cancellationToken = default) =>
        _broker.ReleaseAsync(channel, idempotencyKeys, cancellationToken);

    public async ValueTask<int> EraseAsync(string channel, StreamPosition? position, CancellationToken cancellationToken = default)
    {
        var started = _time.GetTimestamp();
        try
        {
            return await _broker.EraseAsync(channel, position, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Record(started, Erasing);
        }
    }

    public async ValueTask ListenAsync(string channel, CancellationToken cancellationToken = default)
    {
        var started = _time.GetTimestamp();
        try
        {
            await _broker.ListenAsync(channel, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Record(started, Listening);
        }
    }

    public async ValueTask<HistoryPart> ReadAsync(string channel, HistoryRequest request, CancellationToken cancellationToken = default)
    {
        var started = _time.GetTimestamp();
        try
        {
            return await _broker.ReadAsync(channel, request, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Record(started, Reading);
        }
    }

    private async ValueTask<StreamPosition?> TraceAsync(Publication publication, CancellationToken cancellationToken)
    {
        using var span = Tracing.BeginPublish(publication.Channel);
        var started = _time.GetTimestamp();
        try
        {
            return await FinishPublishAsync(_broker.PublishAsync(publication with { TraceParent = Tracing.ContextOf(span) }, cancellationToken), started).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            span?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", error.GetType().FullName);
            throw;
        }
    }

    private async ValueTask<StreamPosition?> FinishPublishAsync(ValueTask<StreamPosition?> publishing, long started)
    {
        try
        {
            var position = await publishing.ConfigureAwait(false);
            Interlocked.Increment(ref _publishes);
            return position;
        }
        finally
        {
            Record(started, Publishing);
        }
    }

    private void Record(long started, KeyValuePair<string, object?> operation) => _duration.Record(_time.GetElapsedTime(started).TotalSeconds, operation);
}
