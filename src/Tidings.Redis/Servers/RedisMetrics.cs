using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Tidings.Diagnostics;

namespace Tidings.Redis.Servers;

/// <summary>What is counted about Redis.</summary>
internal sealed class RedisMetrics
{
    // How long nothing of the kind may come before it is said again.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    private readonly Counter<long> _dropped;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, Outage> _notices = new(StringComparer.Ordinal);

    /// <param name="meters">Where meters come from.</param>
    /// <param name="time">Time.</param>
    public RedisMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        _dropped = meters.Create(TidingsMeter.Name)
            .CreateCounter<long>("tidings.redis.dropped", "{message}", "Messages and entries in Redis that were not what a node writes.");
    }

    /// <summary>Something in Redis was not what it should be, and was left out.</summary>
    /// <returns>Whether to log it: thousands of such messages do not fill the log.</returns>
    public bool Dropped(string where)
    {
        _dropped.Add(1, new KeyValuePair<string, object?>("where", where));
        var notice = _notices.GetOrAdd(where, static (_, time) => new Outage(time, Quiet), _time);
        notice.Ends();
        return notice.Begins("");
    }
}
