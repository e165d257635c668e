using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Npgsql;
using NpgsqlTypes;
using Tidings.EntityFrameworkCore.Contexts;
using Tidings.EntityFrameworkCore.Outbox;

namespace Tidings.EntityFrameworkCore.Relay;

/// <summary>Publishes what is in the outbox of one context, on one node at a time.</summary>
/// <remarks>
/// It takes what is visible in the order of ids, publishes each row under a key made of its id, and deletes it: no mark is kept of how far
/// it came, because a transaction that ends late may show a lower id. The lock of who does it belongs to the session that reads
/// (<see cref="RelaySession"/>): whoever has lost the one has lost the other, and notices it before the next publish.
/// </remarks>
internal sealed class OutboxRelay(LiveContext live, OutboxProgress progress) : BackgroundService
{
    private const int BatchSize = 256;

    // How often is looked where nothing says that there is something: often enough to keep a session's lease.
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
                if (await RelaySession.OpenAsync(live, live.Time, stoppingToken) is not var (session, table))
                {
                    return;
                }

                await using (session)
                {
                    await RunAsync(session, table, retry, stoppingToken);
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
                live.Outages.DatabaseFailed(error);
                await retry.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task RunAsync(RelaySession session, OutboxTable table, Retry retry, CancellationToken cancellationToken)
    {
        while (!await TryLockAsync(session, table, cancellationToken))
        {
            progress.Found(0);

            // What this node commits its holder hears of, once for all that was committed meanwhile.
            if (await live.Committed.WaitAsync(PollInterval, live.Time, cancellationToken))
            {
                await session.AskAsync(OutboxListener.Notify, null, static command => command.ExecuteNonQueryAsync(), cancellationToken);
            }
        }

        OutboxLog.Holds(live.Log, live.ContextType.Name);
        await using var listener = new OutboxListener(live);
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await PublishBatchAsync(session, table, cancellationToken) == 0)
            {
                retry.Succeeded();
                live.Outages.DatabaseAnswered();
                await live.Committed.WaitAsync(PollInterval, live.Time, cancellationToken);
            }
        }
    }

    private async Task<int> PublishBatchAsync(RelaySession session, OutboxTable table, CancellationToken cancellationToken)
    {
        var rows = await session.AskAsync($"{table.Fetch}{BatchSize}", null, FetchAsync, cancellationToken);
        progress.Found(rows.Count);
        var published = new List<(long Id, string Channel, string Key)>(rows.Count);
        try
        {
            foreach (var (id, transaction, e) in rows)
            {
                var key = $"outbox:{id}.{transaction}";
                await live.Publisher.PublishAsync(e, transaction, id, key, async publish =>
                {
                    await session.KeepAsync(cancellationToken);
                    await session.WhileKeepingAsync(publish(), cancellationToken);
                }, cancellationToken);
                published.Add((id, e.Channel, key));
            }
        }
        finally
        {
            if (published.Count > 0)
            {
                await DeleteAsync(session, table, published, cancellationToken);
            }
        }

        return rows.Count;
    }

    private static async Task<List<(long Id, long Transaction, OutboxEvent Event)>> FetchAsync(NpgsqlCommand command)
    {
        var rows = new List<(long, long, OutboxEvent)>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            rows.Add((reader.GetInt64(0), reader.GetInt64(5), new OutboxEvent(
                reader.GetString(1), TextOrNull(reader, 2), (byte[])reader.GetValue(3), BytesOrNull(reader, 4))));
        }

        return rows;
    }

    private async Task DeleteAsync(RelaySession session, OutboxTable table, List<(long Id, string Channel, string Key)> published, CancellationToken cancellationToken)
    {
        var ids = new NpgsqlParameter("ids", NpgsqlDbType.Array | NpgsqlDbType.Bigint) { Value = published.Select(static row => row.Id).ToArray() };
        await session.AskAsync(table.Delete, parameters => parameters.Add(ids), static command => command.ExecuteNonQueryAsync(), cancellationToken);
        foreach (var rows in published.GroupBy(static row => row.Channel))
        {
            await live.Tidings.Node.Broker.ReleaseAsync(rows.Key, [.. rows.Select(static row => row.Key)], cancellationToken);
        }
    }

    private static async Task<bool> TryLockAsync(RelaySession session, OutboxTable table, CancellationToken cancellationToken) => (bool)(await session.AskAsync(
        "SELECT pg_try_advisory_lock(hashtextextended(@key, 0))", parameters => parameters.AddWithValue("key", table.LockKey), static command => command.ExecuteScalarAsync(), cancellationToken))!;

    private static string? TextOrNull(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static byte[]? BytesOrNull(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : (byte[])reader.GetValue(column);
}
