using System.Collections.Concurrent;
using Npgsql;
using Tidings.Brokers;
using Tidings.PostgreSql.Databases;

namespace Tidings.PostgreSql.Logs;

/// <summary>Deletes what is not kept, a little at a time, so that no table grows: each node what it has published itself; the first of them goes through all logs besides. Safe from any thread.</summary>
/// <remarks>What is new stays for a while whatever is kept of it: every node must have had time to hear it.</remarks>
internal sealed class LogKeeper
{
    /// <summary>How long everything stays.</summary>
    public static readonly TimeSpan HearTime = TimeSpan.FromSeconds(20);

    // A log outlives what is in it by so much, that an epoch changes only where nobody can miss anything.
    private static readonly TimeSpan LogLife = TimeSpan.FromHours(1);
    private static readonly TimeSpan RoundInterval = TimeSpan.FromMinutes(1);
    private const int MostAtOnce = 500;

    private readonly ConcurrentDictionary<string, long> _touched = new(StringComparer.Ordinal);
    private readonly Queue<(long At, long News)> _samples = new();
    private readonly Func<bool> _isFirst;
    private readonly TimeProvider _time;
    private readonly ErasedBytes _erased;
    private Task _working = Task.CompletedTask;
    private string _cursor = "";
    private long _passed;
    private long _passedNext;
    private long _ended;
    private long _endedNext;
    private long? _roundAt;

    /// <param name="server">Where.</param>
    /// <param name="isFirst">Whether this node goes through all logs.</param>
    /// <param name="erased">What was erased.</param>
    /// <param name="time">Time.</param>
    public LogKeeper(PostgreSqlServer server, Func<bool> isFirst, ErasedBytes erased, TimeProvider time)
    {
        (_isFirst, _erased, _time) = (isFirst, erased, time);
        server.OnConnected.Add(BeginAsync);
        server.OnTick.Add(TickAsync);
    }

    /// <summary>Something was published in a channel.</summary>
    public void Touch(string channel) => _touched.TryAdd(channel, _time.GetTimestamp());

    // Of another server, or after a crash, numbers may be other ones.
    private async Task BeginAsync(PostgreSqlLink link)
    {
        await ((Task)_working).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _samples.Clear();
        _passed = _passedNext = _ended = _endedNext = 0;
    }

    // Leases are renewed whatever this takes.
    private Task TickAsync(PostgreSqlLink link)
    {
        if (_working.IsCompleted)
        {
            _working = Task.Run(() => WorkAsync(link));
        }

        return Task.CompletedTask;
    }

    private async Task WorkAsync(PostgreSqlLink link)
    {
        try
        {
            await using var connection = await link.Database.OpenAsync().ConfigureAwait(false);
            if (await HeardAsync(connection).ConfigureAwait(false) is { } heard)
            {
                await ForgetPassingAsync(connection, heard).ConfigureAwait(false);
                await TrimTouchedAsync(connection, heard).ConfigureAwait(false);
                if (_isFirst())
                {
                    await ForgetOldAsync(connection).ConfigureAwait(false);
                    await GoRoundAsync(connection, heard).ConfigureAwait(false);
                }
            }

            await _erased.TickAsync(connection).ConfigureAwait(false);
        }
        catch (Exception error) when (PostgreSqlFault.Is(error) || error is BrokerUnavailableException)
        {
            // What was not deleted now is deleted later.
        }
    }

    // Up to which number everybody has heard everything; null while that is not known.
    private async Task<long?> HeardAsync(NpgsqlConnection connection)
    {
        var now = _time.GetTimestamp();
        _samples.Enqueue((now, (long)(await new Statement("SELECT last_value FROM tidings.news").RunAsync(connection, Statement.ValueAsync).ConfigureAwait(false))!));
        long? heard = null;
        while (_samples.TryPeek(out var oldest) && _time.GetElapsedTime(oldest.At, now) > HearTime)
        {
            heard = oldest.News;
            if (_samples.Count == 1 || _time.GetElapsedTime(_samples.ElementAt(1).At, now) <= HearTime)
            {
                break;
            }

            _samples.Dequeue();
        }

        return heard;
    }

    private async Task TrimTouchedAsync(NpgsqlConnection connection, long heard)
    {
        // So long after the first message that all of it can go; what came since is touched again.
        var due = _touched.Where(entry => _time.GetElapsedTime(entry.Value) > HearTime + TimeSpan.FromSeconds(3)).Select(static entry => entry.Key).ToList();
        foreach (var some in due.Chunk(MostAtOnce))
        {
            foreach (var name in some)
            {
                _touched[name] = _time.GetTimestamp();
            }

            var count = await TrimAsync(connection, some, heard, aged: false).ConfigureAwait(false);
            if (count == 0)
            {
                foreach (var name in some)
                {
                    _touched.TryRemove(name, out _);
                }
            }
        }
    }

    // What was deleted once is not read over again: it stays in the table as long as anybody's transaction may still see it.
    private async Task ForgetPassingAsync(NpgsqlConnection connection, long heard)
    {
        var count = (long)(await new Statement(
            """
            WITH gone AS (DELETE FROM tidings.passing WHERE news IN (SELECT news FROM tidings.passing WHERE news > $1 AND news <= $2 ORDER BY news LIMIT 20000 FOR UPDATE SKIP LOCKED) RETURNING 1)
            SELECT count(*) FROM gone
            """,
            _passed,
            heard).RunAsync(connection, Statement.ValueAsync).ConfigureAwait(false))!;
        if (count < 20_000)
        {
            // Once more what was deleted last: another node that was at it may have failed.
            (_passed, _passedNext) = (_passedNext, heard);
        }
    }

    // What was deleted once is not read over again here either.
    private async Task ForgetOldAsync(NpgsqlConnection connection)
    {
        var now = (long)(await new Statement("SELECT tidings.now_1()").RunAsync(connection, Statement.ValueAsync).ConfigureAwait(false))!;
        var isLeft = false;
        foreach (var text in (string[])
        [
            "DELETE FROM tidings.once WHERE (channel, key) IN (SELECT channel, key FROM tidings.once WHERE until > $1 AND until <= $2 ORDER BY until LIMIT 20000 FOR UPDATE SKIP LOCKED)",
            "DELETE FROM tidings.secrets WHERE (kind, hash) IN (SELECT kind, hash FROM tidings.secrets WHERE until > $1 AND until <= $2 ORDER BY until LIMIT 20000 FOR UPDATE SKIP LOCKED)",
            "DELETE FROM tidings.erased WHERE news IN (SELECT news FROM tidings.erased WHERE at > $1 - 86400000 AND at <= $2 - 86400000 ORDER BY at LIMIT 20000 FOR UPDATE SKIP LOCKED)",
        ])
        {
            var count = await new Statement($"WITH gone AS ({text} RETURNING 1) SELECT count(*) FROM gone", _ended, now).RunAsync(connection, Statement.ValueAsync).ConfigureAwait(false);
            isLeft |= (long)count! >= 20_000;
        }

        if (!isLeft)
        {
            (_ended, _endedNext) = (_endedNext, now);
        }
    }

    private async Task GoRoundAsync(NpgsqlConnection connection, long heard)
    {
        if (_cursor.Length == 0 && _roundAt is { } at && _time.GetElapsedTime(at) < RoundInterval)
        {
            return;
        }

        if (_cursor.Length == 0)
        {
            _roundAt = _time.GetTimestamp();
        }

        var names = await new Statement("SELECT name FROM tidings.channels WHERE name > $1 ORDER BY name LIMIT $2", _cursor, MostAtOnce).RunAsync(connection, static async rows =>
        {
            var found = new List<string>();
            while (await rows.ReadAsync().ConfigureAwait(false))
            {
                found.Add(rows.GetString(0));
            }

            return found;
        }).ConfigureAwait(false);
        _cursor = names.Count < MostAtOnce ? "" : names[^1];
        if (names.Count > 0)
        {
            await TrimAsync(connection, [.. names], heard, aged: true).ConfigureAwait(false);
            await new Statement("SELECT tidings.forget_1($1, $2)", names.ToArray(), (long)LogLife.TotalMilliseconds).RunAsync(connection, Statement.ValueAsync).ConfigureAwait(false);
        }
    }

    private static async Task<int> TrimAsync(NpgsqlConnection connection, string[] names, long heard, bool aged)
    {
        await new Statement("SELECT tidings.save_1($1)", (object)names).RunAsync(connection, Statement.ValueAsync).ConfigureAwait(false);
        return (int)(await new Statement("SELECT tidings.trim_1($1, $2, $3)", names, heard, aged).RunAsync(connection, Statement.ValueAsync).ConfigureAwait(false))!;
    }
}
