using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tidings.Brokers;
using Tidings.Protocol;

namespace Tidings.PostgreSql.Databases;

/// <summary>The way to PostgreSQL: connects, follows what is new, looks whether all is well, and connects anew. Safe from any thread.</summary>
internal sealed partial class PostgreSqlServer : IAsyncDisposable
{
    /// <summary>How long between two looks while all is well.</summary>
    public static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(1);

    private readonly PostgreSqlDatabase _database;
    private readonly string _node;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _attempted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, Action<byte[]>> _heard = new(StringComparer.Ordinal);
    private TaskCompletionSource _linked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile PostgreSqlLink? _link;
    private volatile bool _available;
    private volatile string? _refusal;
    private Witnessed _witnessed = new("", "", 0, default);
    private NewsMark? _left;
    private Task _running = Task.CompletedTask;

    public PostgreSqlServer(PostgreSqlDatabase database, string node, TimeProvider time, ILogger log) => (_database, _node, _time, _log) = (database, node, time, log);

    /// <summary>Called for what is new, one after the other: it only enqueues.</summary>
    public Action<News> OnNews { get; set; } = static _ => { };

    /// <summary>Called where transactions have published something. Only sets a signal.</summary>
    public Action OnInbox { get; set; } = static () => { };

    /// <summary>Called with each new link before anybody else has it.</summary>
    public List<Func<PostgreSqlLink, Task>> OnConnected { get; } = [];

    /// <summary>Called with each new link as soon as others may use it, and to be finished with before the node counts as connected.</summary>
    public List<Func<PostgreSqlLink, Task>> OnLinked { get; } = [];

    /// <summary>Called every second while all is well.</summary>
    public List<Func<PostgreSqlLink, Task>> OnTick { get; } = [];

    /// <summary>Whether PostgreSQL can be reached, and everything that is heard from it has caught up.</summary>
    public bool IsAvailable => _available;

    /// <summary>Why it refuses writes; null where it takes them, or is away.</summary>
    public string? Refusal => _refusal;

    public PostgreSqlLink? Link => _link;

    public PostgreSqlDatabase Database => _database;

    /// <summary>Has what is said under a name that no channel has handed over. Before <see cref="StartAsync"/>.</summary>
    public void Hear(string name, Action<byte[]> hear) => _heard.Add(name, hear);

    /// <summary>Begins to connect. Completes when the first attempt has ended.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = Task.Run(RunAsync, CancellationToken.None);
        return _attempted.Task.WaitAsync(cancellationToken);
    }

    /// <summary>The link, as soon as there is one.</summary>
    /// <exception cref="BrokerUnavailableException">There is none within <paramref name="wait"/>.</exception>
    public async ValueTask<PostgreSqlLink> GetLinkAsync(TimeSpan wait = default, CancellationToken cancellationToken = default)
    {
        if (_link is { } link)
        {
            return link;
        }

        if (wait > TimeSpan.Zero)
        {
            try
            {
                await Volatile.Read(ref _linked).Task.WaitAsync(wait, _time, cancellationToken).ConfigureAwait(false);
                if (_link is { } late)
                {
                    return late;
                }
            }
            catch (TimeoutException)
            {
            }
        }

        throw new BrokerUnavailableException("PostgreSQL is away.");
    }

    /// <summary>Notes what this node was told, or showed, last: where that is not there any more after a connection broke, all epochs change.</summary>
    public void Saw(string channel, string generation, long birth, StreamPosition position) => Volatile.Write(ref _witnessed, new Witnessed(channel, generation, birth, position));

    /// <summary>A statement was done.</summary>
    public void Wrote()
    {
        if (_refusal is not null)
        {
            _refusal = null;
            LogWrites(_database.Host);
        }
    }

    /// <summary>A statement was refused, or its connection has ended: where that concerns all, the link ends, too.</summary>
    public BrokerUnavailableException Failed(PostgreSqlLink link, Exception error)
    {
        var told = PostgreSqlFault.Translate(error);
        if (told.Refusal is { } refusal)
        {
            if (PostgreSqlFault.IsReadOnly(told.InnerException))
            {
                // That it is read-only may have been set for a role, which only new sessions see.
                _database.Forget();
            }

            if (_refusal != refusal)
            {
                _refusal = refusal;
                LogRefuses(_database.Host, refusal);
            }
        }
        else if (PostgreSqlFault.IsGeneration(error) || PostgreSqlFault.IsLost(error))
        {
            link.Fail(told.Message);
        }

        return told;
    }

    /// <summary>Has all epochs change, because a log has less than was seen of it.</summary>
    public async Task EndGenerationAsync(PostgreSqlLink link)
    {
        await new Statement("SELECT tidings.renew_1($1)", link.Generation).AskAsync(_database).ConfigureAwait(false);
        LogNewGeneration(_database.Host);
        link.Fail("the logs have less than was seen of them");
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _end.Dispose();
        await _database.DisposeAsync().ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        var delay = FirstDelay;
        var told = "";
        while (!_end.IsCancellationRequested)
        {
            var why = await ConnectAndWatchAsync(() => (delay, told) = (FirstDelay, "")).ConfigureAwait(false);
            if (why != told && !_end.IsCancellationRequested)
            {
                told = why;
                LogAway(_database.Host, why);
            }

            _attempted.TrySetResult();
            if (_end.IsCancellationRequested)
            {
                return;
            }

            _database.Forget();
            await Task.Delay(delay * (0.5 + (RandomNumberGenerator.GetInt32(1000) / 2000.0)), _time, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
        }
    }

    // One link, from its beginning to its end. Returns why it has ended.
    private async Task<string> ConnectAndWatchAsync(Action connected)
    {
        NewsReader? news = null;
        NpgsqlConnection? connection = null;
        try
        {
            connection = await _database.OpenAsync(_end.Token).ConfigureAwait(false);
            await SchemaScript.EnsureAsync(connection).ConfigureAwait(false);
            var link = await BeginAsync(connection).ConfigureAwait(false);
            news = await NewsReader.BeginAsync(connection, link, _node, Take, () => OnInbox(), _time).ConfigureAwait(false);
            await RunAllAsync(OnConnected, link, static error => error.Refusal is not null).ConfigureAwait(false);
            await (_left is { } left ? news.CatchUpAsync(left) : Task.CompletedTask).ConfigureAwait(false);
            news.Start();
            _link = link;
            Volatile.Read(ref _linked).TrySetResult();
            await RunAllAsync(OnLinked, link, IsPassing).ConfigureAwait(false);
            if (!link.Failed.IsCompleted)
            {
                _available = true;
                connected();
                LogConnected(_database.Host, _database.Name);
                _attempted.TrySetResult();
            }

            return await WatchAsync(link).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException error)
        {
            return error.InnerException is { } cause and not BrokerUnavailableException ? $"{error.Message} {cause.Message}" : error.Message;
        }
        catch (Exception error) when (PostgreSqlFault.Is(error))
        {
            return $"{PostgreSqlFault.Translate(error).Message} {error.Message}";
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            return "stopped";
        }
#pragma warning disable CA1031 // Whatever it was, the node tries again: it is not to be cut off for good.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return error.ToString();
        }
        finally
        {
            _available = false;
            var wasLinked = _link is not null;
            if (_link is { } link)
            {
                _link = null;
                Volatile.Write(ref _linked, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
                link.Fail("it has ended");
            }

            if (news is not null)
            {
                await news.DisposeAsync().ConfigureAwait(false);
                _left = wasLinked ? news.Mark : _left;
            }

            if (connection is not null)
            {
                await connection.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task<PostgreSqlLink> BeginAsync(NpgsqlConnection connection)
    {
        var seen = Volatile.Read(ref _witnessed);
        var begin = new Statement("SELECT generation, flushes, renewed FROM tidings.begin_1($1, $2, $3, $4)", seen.Channel, seen.Generation, seen.Birth, seen.Position.Offset);
        (string Generation, bool Flushes, bool Renewed) begun;
        try
        {
            begun = await begin.RunAsync(connection, ReadAsync).ConfigureAwait(false);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.ReadOnlySqlTransaction)
        {
            // It can be read on. What is said meanwhile is refused, and a session that may write looks again.
            begun = await new Statement("SELECT generation, false, false FROM tidings.cluster").RunAsync(connection, ReadAsync).ConfigureAwait(false);
        }

        var (generation, flushes, renewed) = begun;
        if (renewed)
        {
            LogNewGeneration(_database.Host);
        }

        return new PostgreSqlLink(_database, generation, flushes);
    }

    private static async Task<(string Generation, bool Flushes, bool Renewed)> ReadAsync(NpgsqlDataReader row)
    {
        await row.ReadAsync().ConfigureAwait(false);
        return (row.GetString(0), row.GetBoolean(1), row.GetBoolean(2));
    }

    private async Task<string> WatchAsync(PostgreSqlLink link)
    {
        while (true)
        {
            await Task.WhenAny(link.Failed, Task.Delay(TickInterval, _time, _end.Token)).ConfigureAwait(false);
            _end.Token.ThrowIfCancellationRequested();
            if (link.Failed.IsCompletedSuccessfully)
            {
                return await link.Failed.ConfigureAwait(false);
            }

            await RunAllAsync(OnTick, link, IsPassing).ConfigureAwait(false);
        }
    }

    // A server that takes no writes is none that is away: what could not be put in now is put in by a later tick.
    private async Task RunAllAsync(IReadOnlyList<Func<PostgreSqlLink, Task>> work, PostgreSqlLink link, Func<BrokerUnavailableException, bool> passes)
    {
        foreach (var one in work)
        {
            try
            {
                await one(link).ConfigureAwait(false);
            }
            catch (BrokerUnavailableException error) when (passes(error))
            {
                Failed(link, error.InnerException ?? error);
            }
        }
    }

    private static bool IsPassing(BrokerUnavailableException error) => error.Refusal is not null || (error.InnerException is PostgresException postgres && !PostgreSqlFault.IsLost(postgres));

    private void Take(News news)
    {
        if (_heard.TryGetValue(news.Channel, out var hear))
        {
            hear(news.Payload());
        }
        else
        {
            OnNews(news);
        }
    }

    private sealed record Witnessed(string Channel, string Generation, long Birth, StreamPosition Position);

    [LoggerMessage(700, LogLevel.Information, "Connected to PostgreSQL at {Server}, database {Database}")]
    private partial void LogConnected(string server, string database);

    [LoggerMessage(701, LogLevel.Warning, "PostgreSQL at {Server} cannot be used: {Why}")]
    private partial void LogAway(string server, string why);

    [LoggerMessage(702, LogLevel.Warning, "PostgreSQL at {Server} may have lost messages, or is a copy: all epochs change")]
    private partial void LogNewGeneration(string server);

    [LoggerMessage(703, LogLevel.Warning, "PostgreSQL at {Server} refuses writes, reading goes on: {Why}")]
    private partial void LogRefuses(string server, string why);

    [LoggerMessage(704, LogLevel.Information, "PostgreSQL at {Server} takes writes again")]
    private partial void LogWrites(string server);
}
