using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Win32.SafeHandles;
using Tidings.EntityFrameworkCore.Contexts;
using Tidings.EntityFrameworkCore.Outbox;

namespace Tidings.EntityFrameworkCore.Relay;

/// <summary>Publishes the outbox of a SQLite file. The lock is one of a file beside it, which the operating system takes back when the process ends, however that ends.</summary>
internal sealed class SqliteRelaySession : RelaySession
{
    private const string LockEnding = "-relay";

    // SQLite's own patience is finer than its driver's, which sleeps for 150 ms at a time.
    private const string Patience = "PRAGMA busy_timeout = 1000";

    // What .NET says of a file that somebody else has locked.
    private const int WouldBlock = 11;
    private const int WouldBlockOnMac = 35;
    private const int SharingViolation = unchecked((int)0x80070020);

    private readonly LiveContext _live;
    private readonly SqliteOutboxTable _table;
    private readonly string _file;
    private SafeFileHandle? _lock;

    private SqliteRelaySession(LiveContext live, SqliteOutboxTable table, string file) => (_live, _table, _file) = (live, table, file);

    /// <returns>The session; null where the context has no outbox.</returns>
    /// <exception cref="InvalidOperationException">The table gives numbers out again.</exception>
    public static Task<SqliteRelaySession?> OpenAsync(LiveContext live) => live.UseAsync(async context =>
    {
        if (OutboxTable.Of(context) is not SqliteOutboxTable table)
        {
            return null;
        }

        await context.Database.OpenConnectionAsync();
        var connection = (SqliteConnection)context.Database.GetDbConnection();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = $name";
        command.Parameters.AddWithValue("$name", table.Name);
        return await command.ExecuteScalarAsync() is string made && !made.Contains("AUTOINCREMENT", StringComparison.OrdinalIgnoreCase)
            ? throw new InvalidOperationException($"The key of {table.Name} must be AUTOINCREMENT, so that no id is given twice: make the table by EF Core's migrations.")
            : new SqliteRelaySession(live, table, connection.DataSource);
    });

    public override Task<bool> TryLockAsync(CancellationToken cancellationToken)
    {
        try
        {
            _lock ??= File.OpenHandle(_file + LockEnding, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            if (!OperatingSystem.IsWindows())
            {
                // Who could open it could take the lock away.
                File.SetUnixFileMode(_lock, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }
        catch (IOException error) when (error.HResult is WouldBlock or WouldBlockOnMac or SharingViolation)
        {
            // Another process, or another application in this one, has it.
        }

        return Task.FromResult(_lock is not null);
    }

    // The holder of the lock looks once a second.
    public override Task AnnounceAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override IAsyncDisposable Listen() => new Nothing();

    public override Task<List<WaitingEvent>> FetchAsync(int most, CancellationToken cancellationToken) => UseAsync(
        $"{_table.Fetch}{most.ToString(CultureInfo.InvariantCulture)}", null, static command => ReadAsync(command, static (id, number) => (id, $"outbox:{id}.{number}")), cancellationToken);

    public override Task PublishAsync(Func<Task> publish, CancellationToken cancellationToken) => publish();

    public override Task DeleteAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken) =>
        UseAsync(_table.Delete, $"[{string.Join(',', ids)}]", static command => command.ExecuteNonQueryAsync(), cancellationToken);

    public override ValueTask DisposeAsync()
    {
        _lock?.Dispose();
        _lock = null;
        return ValueTask.CompletedTask;
    }

    private Task<T> UseAsync<T>(string sql, string? ids, Func<DbCommand, Task<T>> run, CancellationToken cancellationToken) => _live.UseAsync(async context =>
    {
        await context.Database.OpenConnectionAsync(cancellationToken);
        await using var command = ((SqliteConnection)context.Database.GetDbConnection()).CreateCommand();
        command.CommandText = Patience;
        await command.ExecuteNonQueryAsync(cancellationToken);
        command.CommandText = sql;
        if (ids is not null)
        {
            command.Parameters.AddWithValue("$ids", ids);
        }

        return await run(command);
    });

    private sealed class Nothing : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
