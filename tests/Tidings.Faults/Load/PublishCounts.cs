using System.Collections.Concurrent;

namespace Tidings.Faults.Load;

/// <summary>How publishing went, by time. Safe from any thread.</summary>
internal sealed class PublishCounts
{
    private readonly ConcurrentQueue<(long Began, long Ended, string Channel)> _answered = [];
    private readonly ConcurrentQueue<(long Began, long Ended)> _failed = [];
    private int _refused;

    /// <summary>Definite refusals.</summary>
    public int Refused => _refused;

    /// <summary>Attempts without an answer, or answered that it is not known.</summary>
    public int Unknown => _failed.Count;

    public void Answered(long began, long ended, string channel) => _answered.Enqueue((began, ended, channel));

    public void Failed(long began, long ended, bool refused)
    {
        if (refused)
        {
            Interlocked.Increment(ref _refused);
        }
        else
        {
            _failed.Enqueue((began, ended));
        }
    }

    /// <summary>Requests that began and were accepted inside a span of time.</summary>
    public int AcceptedWithin(long from, long to) => _answered.Count(one => one.Began >= from && one.Ended <= to);

    /// <summary>The first acceptance of a request that began after a time; null where there was none.</summary>
    public long? FirstAcceptedAfter(long time) => _answered.Where(one => one.Began >= time).Select(static one => (long?)one.Ended).Min();

    /// <summary>The same, in one channel.</summary>
    public long? FirstAcceptedAfter(long time, string channel) => _answered.Where(one => one.Began >= time && one.Channel == channel).Select(static one => (long?)one.Ended).Min();

    /// <summary>The longest that anybody waited for a refusal, of those that began inside a span of time; zero where there was none.</summary>
    public TimeSpan LongestFailure(long from, long to) =>
        TimeSpan.FromTicks(_failed.Where(one => one.Began >= from && one.Began <= to).Select(static one => one.Ended - one.Began).DefaultIfEmpty().Max());
}
