using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Npgsql;
using NpgsqlTypes;
using Tidings.Brokers;
using Tidings.EntityFrameworkCore.Contexts;

namespace Tidings.EntityFrameworkCore.Outbox;

/// <summary>Publishes what is in the outbox of one context, on one node at a time.</summary>
/// <remarks>
/// It takes what is visible in the order of ids, publishes each row under a key made of its id, and deletes it: no mark is kept of how far
/// it came, because a transaction that ends late may show a lower id. The lock of who does it belongs to the connection that reads, so that
/// whoever has lost the one has lost the other; an old holder that still publishes what it has read repeats what its follower does.
/// </remarks>
internal sealed class OutboxRelay(LiveContext live, OutboxProgress progress) : BackgroundService
{
    private const int BatchSize = 256;

    private const string Notification = "tidings_outbox";

    // How often is looked where nothing says that there is something.
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The start of the application does not wait for its database.
        await Task.Yield();
        var retry = new Retry(live.Time);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!await live.UseAsync(context => RunAsync(context, retry, stoppingToken)))
                {
                    return;
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it is, what was committed must be published.
            catch (Exception error)
#pragma warning restore CA1031
            {
                progress.FallBehind();
                OutboxLog.DatabaseFailed(live.Log, error, live.ContextType.Name);
                await retry.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    // False where there is no table to look at.
    private async Task<bool> RunAsync(DbContext context, Retry retry, CancellationToken cancellationToken)
    {
        if (LiveContext.TableOf(context) is not { } table)
        {
            return false;
        }

        await context.Database.OpenConnectionAsync(cancellationToken);
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        while (!await TryLockAsync(connection, table, cancellationToken))
        {
            progress.Found(0);

            // What this node commits its holder hears of, once for all that was committed meanwhile.
            if (await live.Committed.WaitAsync(PollInterval, live.Time, cancellationToken))
            {
                await ExecuteAsync(connection, $"NOTIFY {Notification}", cancellationToken);
            }
        }

        OutboxLog.Holds(live.Log, live.ContextType.Name);
        try
        {
            await PublishAllAsync(connection, table, retry, cancellationToken);
        }
        finally
        {
            await UnlockAsync(connection);
        }

        return true;
    }

    private async Task PublishAllAsync(NpgsqlConnection connection, OutboxTable table, Retry retry, CancellationToken cancellationToken)
    {
        using var listening = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var listener = live.UseAsync(other => ListenAsync(other, listening.Token));
        try
        {
            while (!listener.IsCompleted)
            {
                if (await PublishBatchAsync(connection, table, cancellationToken) == 0)
                {
                    retry.Succeeded();
                    await live.Committed.WaitAsync(PollInterval, live.Time, cancellationToken);
                }
            }

            await listener;
        }
        finally
        {
            await listening.CancelAsync();
            await ((Task)listener).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A connection that goes back to its pool keeps its session, and with it the lock, until somebody uses it again.
    private static async Task UnlockAsync(NpgsqlConnection connection)
    {
        if (connection.State != System.Data.ConnectionState.Open)
        {
            return;
        }

        try
        {
            await ExecuteAsync(connection, "SELECT pg_advisory_unlock_all()", CancellationToken.None);
        }
        catch (Exception error) when (error is NpgsqlException or InvalidOperationException or IOException)
        {
            NpgsqlConnection.ClearPool(connection);
        }
    }

    private async Task<bool> ListenAsync(DbContext context, CancellationToken cancellationToken)
    {
        await context.Database.OpenConnectionAsync(cancellationToken);
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        connection.Notification += OnNotification;
        try
        {
            await ExecuteAsync(connection, $"LISTEN {Notification}", cancellationToken);
            live.Committed.Set();
            while (true)
            {
                await connection.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            connection.Notification -= OnNotification;
        }

        void OnNotification(object sender, NpgsqlNotificationEventArgs e) => live.Committed.Set();
    }

    private async Task<int> PublishBatchAsync(NpgsqlConnection connection, OutboxTable table, CancellationToken cancellationToken)
    {
        var rows = await FetchAsync(connection, table, cancellationToken);
        progress.Found(rows.Count);
        var published = new List<(long Id, string Channel, string Key)>(rows.Count);
        try
        {
            foreach (var (id, transaction, e) in rows)
            {
                var key = $"outbox:{id}.{transaction}";
                await PublishAsync(e, transaction, id, key, cancellationToken);
                published.Add((id, e.Channel, key));
            }
        }
        finally
        {
            if (published.Count > 0)
            {
                await DeleteAsync(connection, table, published, cancellationToken);
            }
        }

        return rows.Count;
    }

    private static async Task<List<(long Id, long Transaction, OutboxEvent Event)>> FetchAsync(NpgsqlConnection connection, OutboxTable table, CancellationToken cancellationToken)
    {
        var rows = new List<(long, long, OutboxEvent)>();
        await using var command = connection.CreateCommand();
        command.CommandText = $"{table.Fetch}{BatchSize}";
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add((reader.GetInt64(0), reader.GetInt64(5), new OutboxEvent(
                reader.GetString(1), TextOrNull(reader, 2), (byte[])reader.GetValue(3), BytesOrNull(reader, 4))));
        }

        return rows;
    }

    private async Task PublishAsync(OutboxEvent e, long transaction, long id, string key, CancellationToken cancellationToken)
    {
        var retry = new Retry(live.Time);
        while (true)
        {
            try
            {
                await live.PublishAsync(e, transaction, id, key, cancellationToken);
                return;
            }
            catch (Exception error) when (error is BrokerUnavailableException or TimeoutException)
            {
                OutboxLog.PublishFailed(live.Log, error, e.Channel);
                await retry.WaitAsync(cancellationToken);
            }
        }
    }

    private async Task DeleteAsync(NpgsqlConnection connection, OutboxTable table, List<(long Id, string Channel, string Key)> published, CancellationToken cancellationToken)
    {
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = table.Delete;
            command.Parameters.Add(new NpgsqlParameter("ids", NpgsqlDbType.Array | NpgsqlDbType.Bigint) { Value = published.Select(static row => row.Id).ToArray() });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        foreach (var rows in published.GroupBy(static row => row.Channel))
        {
            await live.Tidings.Broker.ReleaseAsync(rows.Key, [.. rows.Select(static row => row.Key)], cancellationToken);
        }
    }

    private static async Task<bool> TryLockAsync(NpgsqlConnection connection, OutboxTable table, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT pg_try_advisory_lock(hashtextextended(@key, 0))";
        command.Parameters.AddWithValue("key", table.LockKey);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string? TextOrNull(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static byte[]? BytesOrNull(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : (byte[])reader.GetValue(column);
}
