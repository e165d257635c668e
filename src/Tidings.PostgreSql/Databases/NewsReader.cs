using Npgsql;
using Tidings.Brokers;

namespace Tidings.PostgreSql.Databases;

/// <summary>Follows what is new on a connection of its own: woken by a notification, and looking by itself often enough that a lost one costs little.</summary>
/// <remarks>
/// Entries bear numbers that are given before their transactions commit. What is missing between numbers that were read is asked for again, until nobody is at work any more who may have it; so
/// nothing is missed, in whatever order transactions commit. Within a channel the order is that of places, as whoever gives them holds the channel until the commit.
/// </remarks>
internal sealed class NewsReader : IAsyncDisposable
{
    /// <summary>How long between two looks where nothing wakes it.</summary>
    public static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    // More than nodes may have in work at the same time when the reader begins.
    private const int MostBefore = 4096;
    private const int MostAtOnce = 1000;
    private const int LongestAnswer = 4;

    // Where it is woken again and again, the inbox is not looked at each time.
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(5);

    private const string Check = "SELECT CASE WHEN relation = tableoid THEN generation ELSE '' END FROM tidings.cluster";

    private const string Look = "SELECT CASE WHEN relation = tableoid THEN generation ELSE '' END, waits, next, running, since FROM tidings.cluster, tidings.look_1($1, $2, $3)";

    private const string Read = """
        SELECT news, channel, place, kept, birth, at, payload FROM (
            (SELECT news, channel, place, true AS kept, birth, at, payload FROM tidings.messages WHERE news > $1 ORDER BY news LIMIT 1000)
            UNION ALL
            (SELECT news, channel, place, false, birth, at, payload FROM tidings.passing WHERE news > $1 ORDER BY news LIMIT 1000)) n
        ORDER BY news LIMIT 1000
        """;

    private const string ReadWithHoles = """
        SELECT news, channel, place, kept, birth, at, payload FROM (
            (SELECT news, channel, place, true AS kept, birth, at, payload FROM tidings.messages WHERE news = ANY ($2))
            UNION ALL
            (SELECT news, channel, place, false, birth, at, payload FROM tidings.passing WHERE news = ANY ($2))
            UNION ALL
            (SELECT news, channel, place, true, birth, at, payload FROM tidings.messages WHERE news > $1 ORDER BY news LIMIT 1000)
            UNION ALL
            (SELECT news, channel, place, false, birth, at, payload FROM tidings.passing WHERE news > $1 ORDER BY news LIMIT 1000)) n
        ORDER BY news LIMIT 1000
        """;

    private const string Workers = """
        SELECT virtualtransaction FROM pg_locks
        WHERE locktype = 'relation' AND relation = 'tidings.turns'::regclass AND mode = 'RowExclusiveLock' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """;

    private readonly NpgsqlConnection _connection;
    private readonly PostgreSqlLink _link;
    private readonly Action<News> _take;
    private readonly Action _inbox;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _end = new();
    private readonly NewsHoles _holes = new();
    private long _last;
    private long _lookedAt;
    private long _inboxAt;
    private bool _woken;
    private Task _running = Task.CompletedTask;

    private NewsReader(NpgsqlConnection connection, PostgreSqlLink link, Action<News> take, Action inbox, TimeProvider time) =>
        (_connection, _link, _take, _inbox, _time) = (connection, link, take, inbox, time);

    /// <summary>Begins at what is new now.</summary>
    /// <exception cref="BrokerUnavailableException">Notifications do not arrive: there is a pooler that takes the session away.</exception>
    public static async Task<NewsReader> BeginAsync(NpgsqlConnection connection, PostgreSqlLink link, string node, Action<News> take, Action inbox, TimeProvider time)
    {
        var reader = new NewsReader(connection, link, take, inbox, time);
        await reader.ProbeAsync(node).ConfigureAwait(false);
        await reader.PlaceAsync().ConfigureAwait(false);
        return reader;
    }

    /// <summary>Up to where it has read, and what it may have missed of that. Once it has ended.</summary>
    public NewsMark Mark => new(_link.Generation, _last, _holes.Take());

    /// <summary>Tells of what was erased since another reader ended. Before <see cref="Start"/>.</summary>
    public Task CatchUpAsync(NewsMark left) => left.Generation != _link.Generation
        ? Task.CompletedTask
        : new Statement("SELECT news, channel, place, birth, at FROM tidings.erased WHERE (news > $1 OR news = ANY ($2)) AND news <= $3 ORDER BY news", left.Last, left.Missing, _last)
            .RunAsync(_connection, async rows =>
            {
                while (await rows.ReadAsync().ConfigureAwait(false))
                {
                    _take(new News(_link.Generation, rows.GetString(1), rows.GetInt64(2), IsMessage: false, rows.GetInt64(3), rows.GetInt64(4), static () => []));
                }

                return true;
            });

    public void Start() => _running = Task.Run(RunAsync);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    // What another connection says must come back to this one.
    private async Task ProbeAsync(string node)
    {
        await new Statement("LISTEN tidings").RunAsync(_connection, Statement.ValueAsync).ConfigureAwait(false);
        var heard = false;
        void OnNotification(object sender, NpgsqlNotificationEventArgs e) => heard |= e.Payload == node;
        _connection.Notification += OnNotification;
        try
        {
            for (var attempt = 0; attempt < 3 && !heard; attempt++)
            {
                await new Statement("SELECT pg_notify('tidings', $1)", node).AskAsync(_link.Database).ConfigureAwait(false);
                var began = _time.GetTimestamp();
                while (!heard && _time.GetElapsedTime(began) < TimeSpan.FromSeconds(1))
                {
                    await _connection.WaitAsync(TimeSpan.FromMilliseconds(200)).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            _connection.Notification -= OnNotification;
        }

        if (!heard)
        {
            throw new BrokerUnavailableException($"Notifications do not arrive: {PostgreSqlFault.Pooled}");
        }
    }

    private async Task PlaceAsync()
    {
        _last = (long)(await new Statement("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM tidings.news").RunAsync(_connection, Statement.ValueAsync).ConfigureAwait(false))!;
        var workers = await WorkersAsync().ConfigureAwait(false);
        if (workers.Count > 0)
        {
            var there = await new Statement(
                "SELECT array(SELECT news FROM tidings.messages WHERE news > $1 AND news <= $2 UNION ALL SELECT news FROM tidings.passing WHERE news > $1 AND news <= $2)", _last - MostBefore, _last)
                .RunAsync(_connection, Statement.ValueAsync).ConfigureAwait(false);
            var known = ((long[])there!).ToHashSet();
            _holes.Add(Enumerable.Range(0, MostBefore).Select(i => _last - i).Where(number => number > 0 && !known.Contains(number)), workers);
        }
    }

    private async Task RunAsync()
    {
        _connection.Notification += (_, _) => _woken = true;
        try
        {
            while (!_end.IsCancellationRequested)
            {
                // What wakes it while it reads may tell of what it does not see yet.
                _woken = false;
                if (!await ReadAsync().ConfigureAwait(false) && !_woken)
                {
                    await _connection.WaitAsync(PollInterval, _end.Token).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
        }
#pragma warning disable CA1031 // Whatever it was, the link ends with it, and the next one goes on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _link.Fail(error is BrokerUnavailableException ? error.Message : PostgreSqlFault.Is(error) ? $"{PostgreSqlFault.Translate(error).Message} {error.Message}" : error.ToString());
        }
    }

    // Whether there may be more.
    private async Task<bool> ReadAsync()
    {
        if (_holes.Count > 0 && _time.GetElapsedTime(_lookedAt) > TimeSpan.FromMilliseconds(100))
        {
            _lookedAt = _time.GetTimestamp();
            _holes.Look(await WorkersAsync().ConfigureAwait(false));
        }

        await using var batch = _connection.CreateBatch();
        batch.Timeout = LongestAnswer;
        var looks = _time.GetElapsedTime(_inboxAt) >= LookInterval;
        var look = new NpgsqlBatchCommand(looks ? Look : Check);
        if (looks)
        {
            _inboxAt = _time.GetTimestamp();
            new Statement("", _link.Inbox.From, _link.Inbox.Running, _link.Inbox.Since).BindTo(look.Parameters);
        }

        batch.BatchCommands.Add(look);
        var read = new NpgsqlBatchCommand(_holes.Count > 0 ? ReadWithHoles : Read);
        var holes = _holes.Take();
        new Statement("", holes.Length > 0 ? [_last, holes] : [_last]).BindTo(read.Parameters);
        batch.BatchCommands.Add(read);
        await using var rows = await batch.ExecuteReaderAsync().ConfigureAwait(false);
        await rows.ReadAsync().ConfigureAwait(false);
        if (rows.GetString(0) != _link.Generation)
        {
            throw new BrokerUnavailableException("The logs have begun another generation.");
        }

        if (looks)
        {
            _link.Inbox = new InboxMark(rows.GetInt64(2), rows.Array<long>(3), rows.GetInt64(4));
            if (rows.GetBoolean(1))
            {
                _inbox();
            }
        }

        await rows.NextResultAsync().ConfigureAwait(false);
        var (count, from, seen) = (0, _last, new List<long>());
        while (await rows.ReadAsync().ConfigureAwait(false))
        {
            var number = rows.GetInt64(0);
            count++;
            if (number <= from)
            {
                _holes.Fill(number);
            }
            else
            {
                seen.Add(number);
            }

            _take(new News(
                _link.Generation, rows.GetString(1), rows.IsNull(2) ? null : rows.GetInt64(2), rows.GetBoolean(3), rows.GetInt64(4), rows.GetInt64(5), () => rows.Bytes(6)));
        }

        foreach (var number in seen)
        {
            _holes.AddBetween(_last, number);
            _last = number;
        }

        _holes.Forget();
        return count >= MostAtOnce;
    }

    private Task<HashSet<string>> WorkersAsync() => new Statement(Workers).RunAsync(_connection, static async rows =>
    {
        var workers = new HashSet<string>(StringComparer.Ordinal);
        while (await rows.ReadAsync().ConfigureAwait(false))
        {
            workers.Add(rows.GetString(0));
        }

        return workers;
    });
}

/// <summary>Up to where somebody has read what is new.</summary>
/// <param name="Generation">Of these numbers.</param>
/// <param name="Last">The newest number.</param>
/// <param name="Missing">Those before it that were not there, and may have been given to somebody.</param>
internal sealed record NewsMark(string Generation, long Last, long[] Missing);
