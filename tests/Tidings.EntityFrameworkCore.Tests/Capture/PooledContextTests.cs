using Microsoft.EntityFrameworkCore.Diagnostics;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Capture;

/// <summary>What one use of a context leaves behind belongs to that use: said if, and only if, saved.</summary>
public sealed class PooledContextTests
{
    [Theory]
    [InlineData(SaveMode.Memory), InlineData(SaveMode.Own), InlineData(SaveMode.Callers), InlineData(SaveMode.SqliteOwn), InlineData(SaveMode.SqliteCallers)]
    public async Task What_a_request_publishes_and_never_saves_is_not_said_by_the_next_request(SaveMode mode)
    {
        await using var app = await ShopApp.StartAsync(CaptureWorld.Database(mode), services: static services => services.AddDbContextPool<ShopDb>(static _ => { }, poolSize: 1));
        var first = await PublishAsync(app, static (db, outbox) =>
        {
            outbox.Publish("orders:1", new { paid = "never" });
            return Task.FromResult(db);
        });
        var second = await PublishAsync(app, async (db, outbox) =>
        {
            await CaptureWorld.SaveAsync(db, mode, static db => db.Add(new Item { Name = "apple" }));
            outbox.Publish("orders:1", new { paid = "yes" });
            await db.SaveChangesAsync();
            return db;
        });
        Assert.Same(first, second);
        Assert.Equal(["""{"paid":"yes"}"""], await CaptureWorld.SaidAsync(app, "orders:1"));
    }

    [Fact]
    public async Task What_was_published_in_a_transaction_that_is_only_disposed_is_never_said()
    {
        await using var app = await ShopApp.StartAsync(PostgreSqlServer.Shared.CreateDatabase());
        await PublishAsync(app, static async (db, outbox) =>
        {
            await using (await db.Database.BeginTransactionAsync())
            {
                outbox.Publish("orders:1", 1);
            }

            await using (await db.Database.BeginTransactionAsync())
            {
                outbox.Publish("orders:1", 2);
                db.Add(new Item { Name = "apple" });
                await db.SaveChangesAsync();
            }

            db.ChangeTracker.Clear();
            db.Add(new Item { Name = "pear" });
            await db.SaveChangesAsync();
            return db;
        });
        Assert.Empty(await CaptureWorld.SaidAsync(app, "orders:1"));
        Assert.Single((await app.Tidings.HistoryAsync("resource:items")).Messages);
    }

    [Fact]
    public async Task What_was_published_before_the_return_to_a_savepoint_is_never_said()
    {
        await using var app = await ShopApp.StartAsync(PostgreSqlServer.Shared.CreateDatabase());
        await PublishAsync(app, static async (db, outbox) =>
        {
            outbox.Publish("orders:1", 1);
            await using var transaction = await db.Database.BeginTransactionAsync();
            outbox.Publish("orders:1", 2);
            await transaction.CreateSavepointAsync("a");
            outbox.Publish("orders:1", 3);
            await transaction.CreateSavepointAsync("b");
            outbox.Publish("orders:1", 4);
            await transaction.RollbackToSavepointAsync("a");
            outbox.Publish("orders:1", 5);
            await transaction.CommitAsync();
            return db;
        });
        Assert.Equal(["2", "1", "5"], await CaptureWorld.SaidAsync(app, "orders:1"));
    }

    [Fact]
    public async Task A_save_that_a_strategy_runs_again_says_what_was_published_once()
    {
        var database = PostgreSqlServer.Shared.CreateDatabase();
        var failing = new FailingCommit();
        await using var app = await ShopApp.StartAsync(database, services: services => services.ConfigureDbContext<ShopDb>(options => options
            .UseNpgsql(database, static npgsql => npgsql.EnableRetryOnFailure(3, TimeSpan.FromMilliseconds(10), null))), lateServices: services => services.ConfigureDbContext<ShopDb>(options => options.AddInterceptors(failing)));
        await PublishAsync(app, async (db, outbox) =>
        {
            failing.Armed = true;
            outbox.Publish("orders:1", 1);
            db.Add(new Order { Quantity = 1 });
            await db.SaveChangesAsync();
            return db;
        });
        Assert.Equal(1, failing.Failed);
        Assert.Equal(["1"], await CaptureWorld.SaidAsync(app, "orders:1"));
    }

    [Fact]
    public async Task Statements_of_ones_own_take_nothing_from_what_was_published()
    {
        await using var app = await ShopApp.StartAsync(PostgreSqlServer.Shared.CreateDatabase());
        await app.AddAsync("apple");
        await PublishAsync(app, static async (db, outbox) =>
        {
            outbox.Publish("orders:1", 1);
            await db.ExecuteAndPublishAsync(db.Items, static rows => rows.ExecuteUpdateAsync(static set => set.SetProperty(static item => item.Price, 7)));
            return db;
        });
        Assert.Equal(["1"], await CaptureWorld.SaidAsync(app, "orders:1"));
    }

    [Theory]
    [InlineData(SaveMode.Memory), InlineData(SaveMode.Own), InlineData(SaveMode.SqliteOwn)]
    public async Task A_save_that_another_interceptor_refuses_leaves_nothing_behind(SaveMode mode)
    {
        var refusing = new Refusing();
        await using var app = await ShopApp.StartAsync(CaptureWorld.Database(mode), lateServices: services => services.ConfigureDbContext<ShopDb>(options => options.AddInterceptors(refusing)));
        await app.UseAsync(async db =>
        {
            refusing.Armed = true;
            db.Add(new Item { Name = "refused" });
            await Assert.ThrowsAsync<InvalidOperationException>(() => db.SaveChangesAsync());
            if (mode == SaveMode.Own)
            {
                // Its rows are still waiting in the context: a transaction of something else does not save them.
                await using var transaction = await db.Database.BeginTransactionAsync();
                await db.Database.ExecuteSqlRawAsync("""INSERT INTO "Orders" VALUES (gen_random_uuid(), 1, 0)""");
                await transaction.CommitAsync();
            }
        });
        await app.AddAsync("apple").WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Contains("apple", Assert.Single(await CaptureWorld.SaidAsync(app, "resource:items")), StringComparison.Ordinal);
    }

    private static async Task<ShopDb> PublishAsync(ShopApp app, Func<ShopDb, Outbox<ShopDb>, Task<ShopDb>> work)
    {
        await using var scope = app.Services.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<ShopDb>(), scope.ServiceProvider.GetRequiredService<Outbox<ShopDb>>());
    }

    private sealed class Refusing : SaveChangesInterceptor
    {
        public bool Armed { get; set; }

        public override ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            var armed = Armed;
            Armed = false;
            return armed ? throw new InvalidOperationException("refused") : ValueTask.FromResult(result);
        }
    }

    // Comes after Tidings has written its rows.
    private sealed class FailingCommit : DbTransactionInterceptor
    {
        public bool Armed { get; set; }

        public int Failed { get; private set; }

        public override ValueTask<InterceptionResult> TransactionCommittingAsync(
            System.Data.Common.DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            if (!Armed)
            {
                return ValueTask.FromResult(result);
            }

            Armed = false;
            Failed++;
            throw new TimeoutException("the network failed");
        }
    }
}
