using System.ComponentModel.DataAnnotations;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Tidings.Data.Files;
using Tidings.Server.Databases;

namespace Tidings.Server.Demo;

/// <summary>The resource <c>items</c> of the demo: on PostgreSQL where that is configured, else in the data directory, else in memory.</summary>
internal static class DemoItems
{
    public static void Add(WebApplicationBuilder builder, string? postgreSql, string? data)
    {
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning);

        // Of this server alone, should there be several in a process.
        var memory = new InMemoryDatabaseRoot();
        builder.Services.AddDbContext<DemoDb>(options => _ = postgreSql is not null ? options.UseNpgsql(postgreSql).LogFaultsOnce()
            : data is not null ? options.UseSqlite(new SqliteConnectionStringBuilder { DataSource = new DataLayout(Path.GetFullPath(data)).Items }.ConnectionString).LogFaultsOnce()
            : options.UseInMemoryDatabase("demo", memory));
        builder.Services.AddTidings().AddDbContext<DemoDb>();
        builder.Services.AddHostedService(static services => ActivatorUtilities.CreateInstance<MissingTables<DemoDb>>(services, "demo_items"));
    }

    public static void Map(WebApplication app) => app.MapResource<DemoItem, DemoDb>("/items").Members(item => new { item.Id, item.Name, item.Price });
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
