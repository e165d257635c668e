using System.Diagnostics.Metrics;

namespace Tidings.Redis;

/// <summary>What is counted about Redis.</summary>
internal sealed class RedisMetrics
{
    private readonly Counter<long> _dropped;

    /// <param name="meters">Where meters come from.</param>
    /// <param name="isAvailable">Whether all servers can be reached.</param>
    public RedisMetrics(IMeterFactory meters, Func<bool> isAvailable)
    {
        var meter = meters.Create("Tidings");
        _dropped = meter.CreateCounter<long>("tidings.redis.dropped", description: "Messages and entries in Redis that were not what a node writes.");
        meter.CreateObservableGauge("tidings.redis.available", () => isAvailable() ? 1 : 0, description: "1 while all Redis servers can be reached.");
    }

    /// <summary>Something in Redis was not what it should be, and was left out.</summary>
    public void Dropped(string where) => _dropped.Add(1, new KeyValuePair<string, object?>("where", where));
}
