using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Tidings.Brokers;
using Tidings.Diagnostics;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.PostgreSql.Databases;

/// <summary>What is counted about PostgreSQL.</summary>
internal sealed class PostgreSqlMetrics
{
    // How long nothing of the kind may come before it is said again.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    private readonly Counter<long> _dropped;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, Outage> _notices = new(StringComparer.Ordinal);

    public PostgreSqlMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        _dropped = meters.Create(TidingsMeter.Name)
            .CreateCounter<long>("tidings.postgres.dropped", "{message}", "Rows in PostgreSQL that were not what a node or tidings.publish writes, or that had no room in a channel's state.");
    }

    /// <summary>Something was not what it should be, and was left out.</summary>
    /// <returns>Whether to log it: whoever writes there by the thousand does not fill the log.</returns>
    public bool Dropped(string where, long count = 1)
    {
        _dropped.Add(count, new KeyValuePair<string, object?>("where", where));
        var notice = _notices.GetOrAdd(where, static (_, time) => new Outage(time, Quiet), _time);
        notice.Ends();
        return notice.Begins("");
    }

    /// <summary>Reads an entry of a log. What cannot be read is an empty place: places have no holes.</summary>
    public Message Decode(string channel, StreamPosition position, long time, byte[] payload)
    {
        if (LogEntry.Decode(channel, position, time, payload) is { } message)
        {
            return message;
        }

        Dropped("log");
        return Message.Erased(MessageKind.Removed, channel, position);
    }
}
