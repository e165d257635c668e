using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Tidings.Server.Databases;

/// <summary>The tasks of a server that was given a database.</summary>
internal sealed class TaskDb(DbContextOptions<TaskDb> options) : DbContext(options)
{
    public static void Add(WebApplicationBuilder builder, string postgreSql)
    {
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning);
        builder.Services.AddDbContext<TaskDb>(options => options.UseNpgsql(postgreSql).LogFaultsOnce());
        builder.Services.AddTidings().AddTaskStore<TaskDb>();
        builder.Services.AddHostedService(static services => ActivatorUtilities.CreateInstance<MissingTables<TaskDb>>(services, "tidings_tasks"));
    }

    /// <summary>Whether Npgsql can read it.</summary>
    public static bool IsConnectionString(string text)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(text).Host is { Length: > 0 };
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidOperationException)
        {
            return false;
        }
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddTidingsTasks();
}
