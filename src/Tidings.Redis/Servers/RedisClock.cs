using System.Globalization;
using Tidings.Brokers;

namespace Tidings.Redis.Servers;

/// <summary>What the clock of the first server says: the same on all nodes, however far their own are apart. Between two looks it goes on by a clock that nobody sets.</summary>
internal sealed class RedisClock : IBrokerClock
{
    private const int MicrosecondsPerMillisecond = 1000;

    private readonly TimeProvider _time;
    private volatile Reading? _last;

    public RedisClock(RedisShard shard, TimeProvider time)
    {
        _time = time;

        // Before anything is read that bears a time.
        shard.OnConnected.Insert(0, LookAsync);
        shard.OnTick.Add(LookAsync);
    }

    /// <summary>The node's own clock, until a server has been reached.</summary>
    public long Now => _last is { } last ? last.Time + (long)_time.GetElapsedTime(last.At).TotalMilliseconds : _time.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task LookAsync(RedisLink link)
    {
        var asked = _time.GetTimestamp();
        var answer = (string[])await link.Connection.ExecuteAsync("TIME").ConfigureAwait(false);
        var answered = _time.GetTimestamp();
        var time = (long.Parse(answer[0], CultureInfo.InvariantCulture) * 1000) + (long.Parse(answer[1], CultureInfo.InvariantCulture) / MicrosecondsPerMillisecond);
        _last = new Reading(time, asked + ((answered - asked) / 2));
    }

    private sealed record Reading(long Time, long At);
}
