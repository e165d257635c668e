using System.Diagnostics.Metrics;
using Tidings.Diagnostics;

namespace Tidings.Redis;

/// <summary>What is counted about Redis.</summary>
internal sealed class RedisMetrics
{
    private readonly Counter<long> _dropped;

    /// <param name="meters">Where meters come from.</param>
    public RedisMetrics(IMeterFactory meters)
    {
        _dropped = meters.Create(EngineMetrics.MeterName)
            .CreateCounter<long>("tidings.redis.dropped", "{message}", "Messages and entries in Redis that were not what a node writes.");
    }

    /// <summary>Something in Redis was not what it should be, and was left out.</summary>
    public void Dropped(string where) => _dropped.Add(1, new KeyValuePair<string, object?>("where", where));
}
