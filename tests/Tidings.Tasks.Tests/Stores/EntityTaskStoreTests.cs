using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TestKit;
using Tidings.Brokers;
using Tidings.Specification;

namespace Tidings.Tasks.Tests.Stores;

/// <summary>The same on a real PostgreSQL.</summary>
public sealed class EntityTaskStoreTests : TaskStoreRules, IAsyncLifetime
{
    private readonly string _database = PostgreSqlServer.Shared.CreateDatabase();
    private ServiceProvider _services = null!;

    protected override ITaskStore Store => _services.GetRequiredService<ITaskStore>();

    protected override Task PassAsync(TimeSpan time) => Task.Delay(time);

    public async ValueTask InitializeAsync()
    {
        var services = new ServiceCollection();
        services.AddSingleton(TimeProvider.System);
        services.AddDbContext<WorkDb>(options => options.UseNpgsql(_database, static npgsql => npgsql.EnableRetryOnFailure(2)));
        new TidingsServiceBuilder(services).AddTaskStore<WorkDb>();
        _services = services.BuildServiceProvider();
        await using var scope = _services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<WorkDb>().Database.EnsureCreatedAsync();
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    [Fact]
    public async Task What_is_no_task_is_not_found()
    {
        var record = Record(NewId());
        await Store.TryAddAsync(record, TimeSpan.FromSeconds(1));
        await using var scope = _services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<WorkDb>().Database.ExecuteSqlAsync($"update tidings_tasks set record = '[]' where id = {record.Id}");
        Assert.Null(await Store.FindAsync(record.Id));
    }

    [Fact]
    public async Task Tasks_survive_the_database_and_without_it_calls_fail_in_time()
    {
        using var server = new PostgreSqlServer();
        var services = new ServiceCollection();
        services.AddSingleton(TimeProvider.System);
        services.AddDbContext<WorkDb>(options => options.UseNpgsql(server.ConnectionString("postgres")));
        new TidingsServiceBuilder(services).AddTaskStore<WorkDb>();
        await using var provider = services.BuildServiceProvider();
        await using (var scope = provider.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<WorkDb>().GetService<Microsoft.EntityFrameworkCore.Storage.IRelationalDatabaseCreator>().CreateTablesAsync();
        }

        var store = provider.GetRequiredService<ITaskStore>();
        var record = Record("kept");
        await store.TryAddAsync(record, TimeSpan.FromHours(1));
        server.Kill();
        var began = TimeProvider.System.GetTimestamp();
        await Assert.ThrowsAsync<BrokerUnavailableException>(async () => await store.FindAsync("kept"));
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 0, 8);
        server.Start();
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                return (await store.FindAsync("kept"))?.State.Equals(record.State) == true;
            }
            catch (BrokerUnavailableException)
            {
                return false;
            }
        }, () => "the task is there again");
    }

    [Fact]
    public async Task A_context_without_the_table_or_without_tables_stops_the_start_and_says_so()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync<EmptyDb>(options => options.UseNpgsql(_database)));
        Assert.Contains("modelBuilder.AddTidingsTasks()", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_application_with_it_finds_the_tasks_of_the_one_before()
    {
        string id;
        await using (var first = await StartAsync<WorkDb>(options => options.UseNpgsql(_database)))
        {
            var tasks = first.Services.GetRequiredService<ITasks>();
            id = (await tasks.StartAsync("quick")).Id;
            await foreach (var _ in tasks.WatchAsync(id))
            {
            }
        }

        await using var second = await StartAsync<WorkDb>(options => options.UseNpgsql(_database));
        Assert.Equal(WorkStatus.Completed, (await second.Services.GetRequiredService<ITasks>().FindAsync(id))!.Status);

        // Its broker has a log that knows nothing of the task.
        await using var client = new Tidings.Client.TidingsClient(new Uri(new Uri(second.Urls.First()), "/connect"));
        Assert.Equal("7", System.Text.Encoding.UTF8.GetString((await client.WatchTask(id).WaitAsync().WaitAsync(Eventually.Limit)).Result.Span));
    }

    private static async Task<WebApplication> StartAsync<TContext>(Action<DbContextOptionsBuilder> database)
        where TContext : DbContext
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddRouting();
        builder.Services.AddDbContext<TContext>(database);
        builder.Services.AddTidings().AddTaskStore<TContext>();
        var app = builder.Build();
        app.MapTidings("/connect");
        app.MapTasks().Map("quick", static () => 7);
        await app.StartAsync();
        return app;
    }
}

internal sealed class WorkDb(DbContextOptions<WorkDb> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddTidingsTasks();
}

internal sealed class EmptyDb(DbContextOptions<EmptyDb> options) : DbContext(options);
