using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Tidings.Server.Databases;

/// <summary>Makes a context's tables where they are missing, before the server takes anybody in: it has no migrations.</summary>
/// <param name="scopes">Where contexts come from.</param>
/// <param name="table">One of the tables: where it is, the others are.</param>
internal sealed class MissingTables<TContext>(IServiceScopeFactory scopes, string table) : IHostedLifecycleService
    where TContext : DbContext
{
    // Any number of ours: nodes that start at once make them one after the other.
    private const long Lock = 0x7469_6469_6e67_73;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<TContext>().Database;
        if (!database.IsRelational())
        {
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

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
