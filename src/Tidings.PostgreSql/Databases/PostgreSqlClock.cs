using Tidings.Brokers;

namespace Tidings.PostgreSql.Databases;

/// <summary>What PostgreSQL's clock says: the same on all nodes, however far their own are apart. Between two looks it goes on by a clock that nobody sets.</summary>
internal sealed class PostgreSqlClock : IBrokerClock
{
    private readonly TimeProvider _time;
    private volatile Reading? _last;

    public PostgreSqlClock(PostgreSqlServer server, TimeProvider time)
    {
        _time = time;

        // Before anything is read that bears a time.
        server.OnConnected.Insert(0, LookAsync);
        server.OnTick.Add(LookAsync);
    }

    /// <summary>The node's own clock, until a server has been reached.</summary>
    public long Now => _last is { } last ? last.Time + (long)_time.GetElapsedTime(last.At).TotalMilliseconds : _time.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task LookAsync(PostgreSqlLink link)
    {
        var asked = _time.GetTimestamp();
        var time = (long)(await new Statement("SELECT tidings.now_1()").AskAsync(link.Database).ConfigureAwait(false))!;
        _last = new Reading(time, asked + ((_time.GetTimestamp() - asked) / 2));
    }

    private sealed record Reading(long Time, long At);
}
