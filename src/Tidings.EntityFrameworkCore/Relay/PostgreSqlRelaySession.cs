using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using Tidings.EntityFrameworkCore.Contexts;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.EntityFrameworkCore.Publishing;

namespace Tidings.EntityFrameworkCore.Relay;

/// <summary>The session of PostgreSQL to which the lock of a relay belongs. It answers in time or is given up. For one flow.</summary>
/// <remarks>
/// The lock has a lease beside it: PostgreSQL ends a session, and with it the lock, that has said nothing for <see cref="Lease"/>. The holder
/// trusts its lock for a shorter time after its last word, so that it has stopped publishing before another can begin, also where its node
/// stood still in between.
/// </remarks>
internal sealed class PostgreSqlRelaySession : RelaySession
{
    /// <summary>After how long a silence PostgreSQL ends the session.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);

    // How long after its last word the session is taken for alive, and how long an answer may take.
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(3);

    // What a server does not know it does without: idle_session_timeout is of PostgreSQL 14, the others are not on every system.
    private const string Settings = """
        DO $tidings$
        DECLARE setting text[];
        BEGIN
            FOREACH setting SLICE 1 IN ARRAY ARRAY[
                ['idle_session_timeout', '3000'], ['tcp_user_timeout', '3000'], ['client_connection_check_interval', '1000'],
                ['tcp_keepalives_idle', '1'], ['tcp_keepalives_interval', '1'], ['tcp_keepalives_count', '2']]
            LOOP
                BEGIN
                    PERFORM set_config(setting[1], setting[2], false);
                EXCEPTION WHEN OTHERS THEN
                    NULL;
                END;
            END LOOP;
        END $tidings$
        """;

    private readonly LiveContext _live;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private NpgsqlConnection? _connection;
    private Task _asking = Task.CompletedTask;
    private long _heardAt;
    private DateTimeOffset _heardAtWall;
    private PostgreSqlOutboxTable _table = null!;

    private PostgreSqlRelaySession(LiveContext live, TimeProvider time) => (_live, _time) = (live, time);

    /// <summary>Opens a session by a context of its own.</summary>
    /// <returns>The session; null where the context has no outbox.</returns>
    /// <exception cref="RelayLostException">The database does not answer.</exception>
    public static async Task<PostgreSqlRelaySession?> OpenAsync(LiveContext live, TimeProvider time, CancellationToken cancellationToken)
    {
        var session = new PostgreSqlRelaySession(live, time);
        var opened = new TaskCompletionSource<PostgreSqlOutboxTable?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = session.HoldAsync(opened);
        try
        {
            if (await opened.Task.WaitAsync(cancellationToken) is { } table)
            {
                session._table = table;
                return session;
            }
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }

        await session.DisposeAsync();
        return null;
    }

    public override async Task<bool> TryLockAsync(CancellationToken cancellationToken) => (bool)(await AskAsync(
        "SELECT pg_try_advisory_lock(hashtextextended(@key, 0))", parameters => parameters.AddWithValue("key", _table.LockKey), static command => command.ExecuteScalarAsync(), cancellationToken))!;

    public override Task AnnounceAsync(CancellationToken cancellationToken) => AskAsync(OutboxListener.Notify, null, static command => command.ExecuteNonQueryAsync(), cancellationToken);

    public override IAsyncDisposable Listen() => new OutboxListener(_live);

    public override Task<List<WaitingEvent>> FetchAsync(int most, CancellationToken cancellationToken) =>
        AskAsync($"{_table.Fetch}{most}", null, static command => ReadAsync(command, static (id, transaction) => (transaction, $"outbox:{id}.{transaction}")), cancellationToken);

    public override async Task PublishAsync(Func<Task> publish, CancellationToken cancellationToken)
    {
        await KeepAsync(cancellationToken);
        await WhileKeepingAsync(publish(), cancellationToken);
    }

    public override Task DeleteAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken)
    {
        var parameter = new NpgsqlParameter("ids", NpgsqlDbType.Array | NpgsqlDbType.Bigint) { Value = ids.ToArray() };
        return AskAsync(_table.Delete, parameters => parameters.Add(parameter), static command => command.ExecuteNonQueryAsync(), cancellationToken);
    }

    /// <summary>Asks PostgreSQL, and waits no longer than an answer may take.</summary>
    /// <exception cref="RelayLostException">There was none: the session is of no use any more.</exception>
    public async Task<T> AskAsync<T>(string sql, Action<NpgsqlParameterCollection>? bind, Func<NpgsqlCommand, Task<T>> run, CancellationToken cancellationToken)
    {
        var (began, beganWall) = (_time.GetTimestamp(), _time.GetUtcNow());
        var asking = RunAsync();
        _asking = asking;
        try
        {
            var answer = await asking.WaitAsync(LongestAnswer, _time, cancellationToken);
            (_heardAt, _heardAtWall) = (began, beganWall);
            return answer;
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RelayLostException(error);
        }

        async Task<T> RunAsync()
        {
            await using var command = _connection!.CreateCommand();
            command.CommandText = sql;
            bind?.Invoke(command.Parameters);
            return await run(command);
        }
    }

    /// <summary>Makes sure that the lock is still held: a look at the clocks, and where some time has passed, a word with PostgreSQL.</summary>
    /// <remarks>The clock of the system goes on where a machine is suspended, the other one where it is set back.</remarks>
    /// <exception cref="RelayLostException">The session, and with it the lock, is gone.</exception>
    public async ValueTask KeepAsync(CancellationToken cancellationToken)
    {
        while (_time.GetElapsedTime(_heardAt) >= Trust || (_time.GetUtcNow() - _heardAtWall).Duration() >= Trust)
        {
            await AskAsync("SELECT 1", null, static command => command.ExecuteScalarAsync(), cancellationToken);
        }
    }

    /// <summary>Waits for something else, and keeps the lock meanwhile.</summary>
    public async Task WhileKeepingAsync(Task work, CancellationToken cancellationToken)
    {
        while (!work.IsCompleted)
        {
            try
            {
                await work.WaitAsync(Trust, _time, cancellationToken);
            }
            catch (TimeoutException) when (!work.IsCompleted)
            {
                await KeepAsync(cancellationToken);
            }
        }

        await work;
    }

    public override ValueTask DisposeAsync()
    {
        _end.TrySetResult();
        return ValueTask.CompletedTask;
    }

    // The context lives for as long as its session is asked something, whether or not somebody still waits for the answer.
    private async Task HoldAsync(TaskCompletionSource<PostgreSqlOutboxTable?> opened)
    {
        try
        {
            await _live.UseAsync(async context =>
            {
                if (OutboxTable.Of(context) is not PostgreSqlOutboxTable table)
                {
                    opened.TrySetResult(null);
                    return false;
                }

                await context.Database.OpenConnectionAsync();
                _connection = (NpgsqlConnection)context.Database.GetDbConnection();
                await AskAsync(Settings, null, static command => command.ExecuteNonQueryAsync(), CancellationToken.None);
                opened.TrySetResult(table);
                await _end.Task;
                await ((Task)_asking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await ResetAsync(_connection);
                return true;
            });
        }
#pragma warning disable CA1031 // It goes to the caller that waits for the session.
        catch (Exception error)
#pragma warning restore CA1031
        {
            opened.TrySetException(error);
        }
    }

    // A connection that goes back to its pool keeps its session, with its lock and its settings, until somebody uses it again.
    private static async Task ResetAsync(NpgsqlConnection connection)
    {
        if (connection.State != System.Data.ConnectionState.Open)
        {
            return;
        }

        try
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "DISCARD ALL";
            await command.ExecuteNonQueryAsync();
        }
        catch (Exception error) when (error is NpgsqlException or InvalidOperationException or IOException)
        {
            NpgsqlConnection.ClearPool(connection);
        }
    }
}
