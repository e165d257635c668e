using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Tidings.Data.Files;
using Tidings.EntityFrameworkCore.Outbox;

namespace Tidings.Server.Databases;

/// <summary>Makes a context's tables where they are missing, before the server takes anybody in: it has no migrations.</summary>
/// <remarks>Where the database is away the server starts all the same: the tables are made as soon as it is back, and what needs them answers 503 until then.</remarks>
/// <param name="scopes">Where contexts come from.</param>
/// <param name="table">One of the tables: where it is, the others are.</param>
/// <param name="log">Where it is said that the database is away.</param>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1812", Justification = "Made by the container.")]
internal sealed class MissingTables<TContext>(IServiceScopeFactory scopes, string table, ILogger<MissingTables<TContext>> log) : IHostedLifecycleService, IDisposable
    where TContext : DbContext
{
    // Any number of ours: nodes that start at once make them one after the other.
    private const long Lock = 0x7469_6469_6e67_73;

    // The start waits no longer for a database that does not answer.
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _end = new();
    private Task _making = Task.CompletedTask;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var making = TryMakeAsync(_end.Token);
        try
        {
            if (await making.WaitAsync(LongestStart, cancellationToken))
            {
                return;
            }
        }
        catch (TimeoutException)
        {
            // It goes on beside the server.
        }

        DatabaseLog.Away(log, typeof(TContext).Name);
        _making = MakeLaterAsync(making);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => _end.CancelAsync();

    public async Task StopAsync(CancellationToken cancellationToken) => await _making.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _end.Dispose();

    private async Task MakeLaterAsync(Task<bool> making)
    {
        try
        {
            while (!await making)
            {
                await Task.Delay(Interval, _end.Token);
                making = TryMakeAsync(_end.Token);
            }

            DatabaseLog.Back(log, typeof(TContext).Name);
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // The server ends without them.
        }
#pragma warning disable CA1031 // Nobody waits for it: the log has to tell.
        catch (Exception error)
#pragma warning restore CA1031
        {
            DatabaseLog.Failed(log, error, typeof(TContext).Name);
        }
    }

    // The data directory has one process at a time.
    private async Task MakeFileAsync(DatabaseFacade database, CancellationToken cancellationToken)
    {
        PrivateFile.Ensure(database.GetDbConnection().DataSource);
        await database.OpenConnectionAsync(cancellationToken);
        await database.ExecuteSqlAsync($"PRAGMA journal_mode = WAL", cancellationToken);
        if (await database.SqlQuery<int>($"SELECT count(*) AS \"Value\" FROM sqlite_master WHERE name = {table}").SingleAsync(cancellationToken) == 0)
        {
            await database.GetService<IRelationalDatabaseCreator>().CreateTablesAsync(cancellationToken);
        }
    }

    // False where the database is away.
    private async Task<bool> TryMakeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await MakeAsync(scope.ServiceProvider.GetRequiredService<TContext>().Database, cancellationToken);
            return true;
        }
        catch (Exception error) when (DatabaseFault.IsPassing(error))
        {
            return false;
        }
    }

    private async Task MakeAsync(DatabaseFacade database, CancellationToken cancellationToken)
    {
        if (!database.IsRelational())
        {
            return;
        }

        if (database.IsSqlite())
        {
            await MakeFileAsync(database, cancellationToken);
            return;
        }

        // EnsureCreated does nothing in a database that has any table.
        var creator = database.GetService<IRelationalDatabaseCreator>();
        if (!await creator.ExistsAsync(cancellationToken))
        {
            await creator.CreateAsync(cancellationToken);
        }

        await database.OpenConnectionAsync(cancellationToken);
        await database.ExecuteSqlAsync($"SELECT pg_advisory_lock({Lock})", cancellationToken);
        try
        {
            if (!await database.SqlQuery<bool>($"SELECT to_regclass({table}) IS NOT NULL AS \"Value\"").SingleAsync(cancellationToken))
            {
                await creator.CreateTablesAsync(cancellationToken);
            }
        }
        finally
        {
            await database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({Lock})", CancellationToken.None);
        }
    }
}

internal static partial class DatabaseLog
{
    [LoggerMessage(660, LogLevel.Warning, "PostgreSQL cannot be reached: the tables of {Context} are made when it can, and what needs them answers 503 until then")]
    public static partial void Away(ILogger log, string context);

    [LoggerMessage(661, LogLevel.Information, "PostgreSQL is there: the tables of {Context} are ready")]
    public static partial void Back(ILogger log, string context);

    [LoggerMessage(662, LogLevel.Error, "The tables of {Context} cannot be made; mend what the database says and start again")]
    public static partial void Failed(ILogger log, Exception error, string context);
}
