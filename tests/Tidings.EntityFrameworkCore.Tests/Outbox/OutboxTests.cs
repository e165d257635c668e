using System.Data.Common;
using System.Globalization;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Outbox;

public sealed class OutboxTests
{
    private readonly string _database = PostgreSqlServer.Shared.CreateDatabase();

    [Fact]
    public async Task Nothing_is_said_of_what_is_rolled_back()
    {
        await using var app = await ShopApp.StartAsync(_database);
        await app.UseAsync(async db =>
        {
            await using (var transaction = await db.Database.BeginTransactionAsync())
            {
                db.Add(new Item { Name = "never" });
                await db.SaveChangesAsync();
                await transaction.RollbackAsync();
            }

            await using (var transaction = await db.Database.BeginTransactionAsync())
            {
                db.ChangeTracker.Clear();
                db.Add(new Item { Name = "first" });
                await db.SaveChangesAsync();
                await transaction.CreateSavepointAsync("here");
                db.Add(new Item { Name = "never either" });
                await db.SaveChangesAsync();
                await transaction.RollbackToSavepointAsync("here");
                db.ChangeTracker.Clear();
                db.Add(new Item { Name = "second" });
                db.SaveChanges();
                await transaction.CommitAsync();
            }
        });
        await app.AddAsync("last");
        Assert.Equal(["first", "second", "last"], await NamesAsync(app, 3));
    }

    [Fact]
    public async Task Messages_of_the_application_go_with_a_save_or_a_commit()
    {
        await using var app = await ShopApp.StartAsync(_database);
        await using (var scope = app.Services.CreateAsyncScope())
        {
            var (db, outbox) = (scope.ServiceProvider.GetRequiredService<ShopDb>(), scope.ServiceProvider.GetRequiredService<Outbox<ShopDb>>());
            outbox.Publish("orders:42", new { paid = 1 });
            await db.SaveChangesAsync();
            await using (var transaction = await db.Database.BeginTransactionAsync())
            {
                outbox.Publish("orders:42", new { paid = 2 });
                await transaction.RollbackAsync();
            }

            await using (var transaction = await db.Database.BeginTransactionAsync())
            {
                await db.Database.ExecuteSqlRawAsync("""INSERT INTO "Orders" VALUES (gen_random_uuid(), 1, 0)""");
                outbox.Publish("orders:42", new { paid = 3 });
                await transaction.CommitAsync();
            }
        }

        await Eventually.EqualAsync(2L, () => app.Tidings.HistoryAsync("orders:42").AsTask().Result.Position.Offset, "messages");
        var history = await app.Tidings.HistoryAsync("orders:42");
        Assert.Equal(["""{"paid":1}""", """{"paid":3}"""], history.Messages.Select(static message => System.Text.Encoding.UTF8.GetString(message.Data.Span)));
    }

    [Fact]
    public async Task A_save_costs_one_insert_and_one_reading_however_many_rows_it_has()
    {
        var statements = new Statements();
        await using var app = await ShopApp.StartAsync(_database, services: services => services.AddSingleton(statements).ConfigureDbContext<ShopDb>((provider, options) => options.AddInterceptors(provider.GetRequiredService<Statements>())));
        await app.UseAsync(async db =>
        {
            db.AddRange(Enumerable.Range(0, 50).Select(static i => new Item { Name = $"item {i}" }));
            await db.SaveChangesAsync();
            statements.Texts.Clear();
            foreach (var item in db.Items.Local)
            {
                item.Price++;
            }

            await db.SaveChangesAsync();
        });
        Assert.Single(statements.Texts, static text => text.Contains("FOR UPDATE", StringComparison.Ordinal));
        await NamesAsync(app, 100);
        Assert.Equal("0", PostgreSqlServer.Shared.Query(Name, "select count(*) from tidings_outbox"));
    }

    [Fact]
    public async Task A_retrying_strategy_may_run_a_save_again()
    {
        var failing = new FailingOnce();
        await using var app = await ShopApp.StartAsync(_database, services: services => services.ConfigureDbContext<ShopDb>(options => options
            .UseNpgsql(_database, npgsql => npgsql.EnableRetryOnFailure(3, TimeSpan.FromMilliseconds(10), null))
            .AddInterceptors(failing)));
        for (var i = 1; i <= 2; i++)
        {
            failing.Armed = i == 1;
            await app.UseAsync(db =>
            {
                db.Add(new Order { Quantity = i });
                return db.SaveChangesAsync();
            });
        }

        Assert.Equal(1, failing.Failed);
        await Eventually.EqualAsync(2L, () => app.Tidings.HistoryAsync("resource:orders").AsTask().Result.Position.Offset, "events");
        var (client, initial) = await app.SubscribeAsync("/ws/orders");
        await using var _ = client;
        Assert.Equal(2, initial.GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task Two_nodes_have_one_relay_and_the_other_takes_over()
    {
        // Each node has a broker of its own here: only the log of the node that publishes has it.
        var first = await ShopApp.StartAsync(_database);
        await first.AddAsync("a");
        await NamesAsync(first, 1);
        await using var second = await ShopApp.StartAsync(_database, create: false);
        await second.AddAsync("b");
        Assert.Equal(["a", "b"], await NamesAsync(first, 2));
        Assert.Equal(0, (await second.Tidings.HistoryAsync("resource:items")).Position.Offset);
        await first.DisposeAsync();
        await second.AddAsync("c");
        Assert.Equal(["c"], await NamesAsync(second, 1));
    }

    [Fact]
    public async Task A_start_names_what_is_missing()
    {
        var model = await Assert.ThrowsAsync<InvalidOperationException>(() => StartBareAsync(static services => services.AddTidings().AddDbContext<BareDb>()));
        Assert.Contains("modelBuilder.AddTidingsOutbox()", model.Message, StringComparison.Ordinal);
        var services = await Assert.ThrowsAsync<InvalidOperationException>(() => StartBareAsync(static services => services.AddTidings()));
        Assert.Contains("AddTidings().AddDbContext<BareDb>()", services.Message, StringComparison.Ordinal);
    }

    private string Name => new Npgsql.NpgsqlConnectionStringBuilder(_database).Database!;

    private async Task StartBareAsync(Action<IServiceCollection> services)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddRouting();
        builder.Services.AddDbContext<BareDb>(options => options.UseNpgsql(_database));
        services(builder.Services);
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapResource<Order, BareDb>("/orders").AllMembers();
        await app.StartAsync();
    }

    private static async Task<List<string>> NamesAsync(ShopApp app, int count)
    {
        await Eventually.EqualAsync((long)count, () => app.Tidings.HistoryAsync("resource:items").AsTask().Result.Position.Offset, "events");
        return [.. (await app.Tidings.HistoryAsync("resource:items")).Messages.Select(static message => message.Read<System.Text.Json.JsonElement>().GetProperty("data").GetProperty("name").GetString()!)];
    }

    private sealed class BareDb(DbContextOptions<BareDb> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Order>();
    }

    private sealed class Statements : DbCommandInterceptor
    {
        public List<string> Texts { get; } = [];

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            lock (Texts)
            {
                Texts.Add(command.CommandText);
            }

            return ValueTask.FromResult(result);
        }
    }

    // The first commit that it sees fails as a network does.
    private sealed class FailingOnce : DbTransactionInterceptor
    {
        public bool Armed { get; set; }

        public int Failed { get; private set; }

        public override ValueTask<InterceptionResult> TransactionCommittingAsync(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            if (Armed)
            {
                Armed = false;
                Failed++;
                throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"failure {Failed}"));
            }

            return ValueTask.FromResult(result);
        }
    }
}
