using Microsoft.EntityFrameworkCore;

namespace Tidings.Server.Databases;

/// <summary>The tasks of a server that was given a database.</summary>
internal sealed class TaskDb(DbContextOptions<TaskDb> options) : DbContext(options)
{
    public static void Add(WebApplicationBuilder builder, string postgreSql)
    {
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning);
        builder.Services.AddDbContext<TaskDb>(options => options.UseNpgsql(postgreSql));
        builder.Services.AddTidings().AddTaskStore<TaskDb>();
        builder.Services.AddHostedService(static services => new MissingTables<TaskDb>(services.GetRequiredService<IServiceScopeFactory>(), "tidings_tasks"));
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddTidingsTasks();
}
