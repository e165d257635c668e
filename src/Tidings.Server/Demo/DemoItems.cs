using System.ComponentModel.DataAnnotations;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Tidings.Server.Demo;

/// <summary>The resource <c>items</c> of the demo: in memory, or on PostgreSQL where that is configured.</summary>
internal static class DemoItems
{
    public static void Add(WebApplicationBuilder builder, string? postgreSql)
    {
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning);
        builder.Services.AddDbContext<DemoDb>(options => _ = postgreSql is null ? options.UseInMemoryDatabase("demo") : options.UseNpgsql(postgreSql));
        builder.Services.AddTidings().AddDbContext<DemoDb>();
        builder.Services.AddHostedService<DemoTables>();
    }

    public static void Map(WebApplication app) => app.MapResource<DemoItem, DemoDb>("/items").Members(item => new { item.Id, item.Name, item.Price });

    // Made where they are missing: a demo has no migrations.
    private sealed class DemoTables(IServiceScopeFactory scopes) : IHostedLifecycleService
    {
        public async Task StartingAsync(CancellationToken cancellationToken)
        {
            await using var scope = scopes.CreateAsyncScope();
            var database = scope.ServiceProvider.GetRequiredService<DemoDb>().Database;
            if (!database.IsRelational())
            {
                return;
            }

            // EnsureCreated does nothing in a database that has any table.
            await database.EnsureCreatedAsync(cancellationToken);
            var creator = database.GetService<IRelationalDatabaseCreator>();
            var exists = await database.SqlQueryRaw<bool>("SELECT to_regclass('demo_items') IS NOT NULL AS \"Value\"").SingleAsync(cancellationToken);
            if (!exists)
            {
                await creator.CreateTablesAsync(cancellationToken);
            }
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <summary>Something with a price.</summary>
internal sealed class DemoItem
{
    public int Id { get; set; }

    [Required, MaxLength(200)]
    public string Name { get; set; } = "";

    public double Price { get; set; }
}

internal sealed class DemoDb(DbContextOptions<DemoDb> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddTidingsOutbox();
        modelBuilder.Entity<DemoItem>().ToTable("demo_items");
    }
}
