using Npgsql;
using Tidings.PostgreSql.Databases;

namespace Tidings.PostgreSql.Logs;

/// <summary>Has what was erased leave the tables' files within a minute, and not when their turn comes. Safe from any thread.</summary>
internal sealed class ErasedBytes(TimeProvider time)
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(20);

    private long _notedAt;

    /// <summary>Something was erased.</summary>
    public void Note() => Interlocked.CompareExchange(ref _notedAt, time.GetTimestamp(), 0);

    /// <summary>Called now and then.</summary>
    public async Task TickAsync(NpgsqlConnection connection)
    {
        var noted = Interlocked.Read(ref _notedAt);
        if (noted == 0 || time.GetElapsedTime(noted) < Delay)
        {
            return;
        }

        Interlocked.Exchange(ref _notedAt, 0);
        foreach (var table in (string[])["messages", "state", "passing", "inbox"])
        {
            // Where the role does not own the tables PostgreSQL only warns, and its own vacuum comes later.
            await new Statement($"VACUUM (SKIP_LOCKED) tidings.{table}").RunAsync(connection, Statement.ValueAsync).ConfigureAwait(false);
        }
    }
}
