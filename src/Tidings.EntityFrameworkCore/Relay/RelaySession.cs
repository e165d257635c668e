using System.Data.Common;
using Tidings.EntityFrameworkCore.Contexts;
using Tidings.EntityFrameworkCore.Databases;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.EntityFrameworkCore.Publishing;

namespace Tidings.EntityFrameworkCore.Relay;

/// <summary>An event that waits in an outbox.</summary>
/// <param name="Id">Its row.</param>
/// <param name="Transaction">The number by which a snapshot of the database knows it.</param>
/// <param name="IdempotencyKey">By which a repeat is known.</param>
/// <param name="Event">The event.</param>
internal readonly record struct WaitingEvent(long Id, long Transaction, string IdempotencyKey, OutboxEvent Event);

/// <summary>What one node has of the database whose outbox it publishes. The lock of who does it belongs to it. For one flow.</summary>
internal abstract class RelaySession : IAsyncDisposable
{
    /// <summary>Opens a session by a context of its own.</summary>
    /// <returns>Null where the context has no outbox.</returns>
    public static async Task<RelaySession?> OpenAsync(LiveContext live, CancellationToken cancellationToken) =>
        await live.UseAsync(static context => Task.FromResult(DatabaseProvider.Of(context))) switch
        {
            PostgreSqlProvider => await PostgreSqlRelaySession.OpenAsync(live, live.Time, cancellationToken),
            SqliteProvider => await SqliteRelaySession.OpenAsync(live),
            _ => null,
        };

    /// <summary>Takes the lock, or has it already.</summary>
    public abstract Task<bool> TryLockAsync(CancellationToken cancellationToken);

    /// <summary>Tells the holder of the lock that something was committed.</summary>
    public abstract Task AnnounceAsync(CancellationToken cancellationToken);

    /// <summary>Hears what others announce, until it is disposed.</summary>
    public abstract IAsyncDisposable Listen();

    /// <summary>The oldest events that wait.</summary>
    public abstract Task<List<WaitingEvent>> FetchAsync(int most, CancellationToken cancellationToken);

    /// <summary>Publishes, with the lock held all the time.</summary>
    /// <exception cref="RelayLostException">The lock is gone.</exception>
    public abstract Task PublishAsync(Func<Task> publish, CancellationToken cancellationToken);

    /// <summary>Takes out what was published.</summary>
    public abstract Task DeleteAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();

    /// <summary>Reads what <see cref="OutboxTable.Fetch"/> asks for.</summary>
    /// <param name="command">The question.</param>
    /// <param name="name">Makes of an id and what stands as its transaction what the event is known by.</param>
    protected static async Task<List<WaitingEvent>> ReadAsync(DbCommand command, Func<long, long, (long Transaction, string IdempotencyKey)> name)
    {
        var events = new List<WaitingEvent>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var id = reader.GetInt64(0);
            var (transaction, key) = name(id, reader.GetInt64(5));
            events.Add(new WaitingEvent(id, transaction, key, EventOf(reader)));
        }

        return events;
    }

    private static OutboxEvent EventOf(DbDataReader row) =>
        new(row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), (byte[])row.GetValue(3), row.IsDBNull(4) ? null : (byte[])row.GetValue(4));
}
