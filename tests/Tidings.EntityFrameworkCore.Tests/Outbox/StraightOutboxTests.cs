using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Outbox;

/// <summary>Where the nodes' logs are in the database of a context its transactions publish there themselves: no row of an outbox, no relay.</summary>
public sealed class StraightOutboxTests
{
    private readonly string _database = PostgreSqlServer.Shared.CreateDatabase();

    [Fact]
    public async Task What_commits_is_told_on_every_node_in_its_order_and_what_rolls_back_on_none()
    {
        await using var one = await StartAsync();
        await using var two = await ShopApp.StartAsync(_database, create: false, logs: _database);
        var (client, _) = await two.SubscribeAsync();
        await using var disposed = client;
        await PublishAsync(one, static async (db, outbox) =>
        {
            await using (var transaction = await db.Database.BeginTransactionAsync())
            {
                db.Add(new Item { Name = "never" });
                outbox.Publish("orders:1", "never");
                await db.SaveChangesAsync();
                await transaction.RollbackAsync();
            }

            db.ChangeTracker.Clear();
            await using (var transaction = await db.Database.BeginTransactionAsync())
            {
                for (var i = 1; i <= 3; i++)
                {
                    db.Add(new Item { Name = $"item {i}" });
                    outbox.Publish("orders:1", i, key: $"k{i}");
                    outbox.Publish("orders:1", -i);
                    await db.SaveChangesAsync();
                }

                await transaction.CommitAsync();
            }

            outbox.Publish("orders:1", 4);
            db.SaveChanges();
        });
        Assert.Equal(["1", "-1", "2", "-2", "3", "-3", "4"], await SaidAsync(two, "orders:1", 7));
        for (var i = 1; i <= 3; i++)
        {
            var told = await client.ExpectAsync("create");
            Assert.Equal($"item {i}", told.GetProperty("data").GetProperty("name").GetString());
        }

        Assert.Equal("k1", (await one.Tidings.HistoryAsync("orders:1")).Messages[0].Key);
    }

    [Fact]
    public async Task Two_contexts_that_write_the_same_row_tell_of_it_in_the_order_of_their_commits()
    {
        await using var app = await StartAsync();
        var id = await app.AddAsync("item");
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 10; i++)
            {
                await app.UseAsync(async db =>
                {
                    await using var transaction = await db.Database.BeginTransactionAsync();
                    var item = await db.Items.FromSql($"SELECT * FROM \"Items\" WHERE \"Id\" = {id} FOR UPDATE").SingleAsync();
                    item.Price++;
                    await db.SaveChangesAsync();
                    await transaction.CommitAsync();
                });
            }
        })));
        await Eventually.EqualAsync(61L, () => app.Tidings.HistoryAsync("resource:items").AsTask().Result.Position.Offset, "events");
        Assert.Equal(
            Enumerable.Range(1, 61).Select(static price => (decimal)price),
            (await app.Tidings.HistoryAsync("resource:items")).Messages.Select(static message => message.Read<System.Text.Json.JsonElement>().GetProperty("data").GetProperty("price").GetDecimal()));
    }

    [Fact]
    public async Task A_retrying_strategy_and_a_pool_of_contexts_say_each_save_once()
    {
        var failing = new FailingOnce();
        await using var app = await StartAsync(services => services
            .AddDbContextPool<ShopDb>(static _ => { }, poolSize: 1)
            .ConfigureDbContext<ShopDb>(options => options.UseNpgsql(_database, static npgsql => npgsql.EnableRetryOnFailure(3, TimeSpan.FromMilliseconds(10), null)).AddInterceptors(failing)));
        for (var i = 1; i <= 3; i++)
        {
            failing.Armed = i == 2;
            await PublishAsync(app, static (_, outbox) =>
            {
                outbox.Publish("orders:1", "never saved");
                return Task.CompletedTask;
            });
            await PublishAsync(app, async (db, outbox) =>
            {
                db.Add(new Order { Quantity = i });
                outbox.Publish("orders:1", i);
                await db.SaveChangesAsync();
            });
        }

        Assert.Equal(1, failing.Failed);
        Assert.Equal(["1", "2", "3"], await SaidAsync(app, "orders:1", 3));
        Assert.Equal(3, (await app.Tidings.HistoryAsync("resource:orders")).Position.Offset);
    }

    [Fact]
    public async Task What_waits_in_the_outbox_goes_first_through_the_relay()
    {
        await using var app = await StartAsync(watched: false);
        for (var i = 0; i < 5; i++)
        {
            await PublishAsync(app, async (db, outbox) =>
            {
                await using var transaction = await db.Database.BeginTransactionAsync();
                await db.Database.ExecuteSqlAsync($"INSERT INTO tidings_outbox (channel, data, transaction) VALUES ('orders:1', convert_to({i}::text, 'UTF8'), pg_current_xact_id()::text::bigint)");
                outbox.Publish("orders:1", i + 100);
                await transaction.CommitAsync();
            });
        }

        Assert.Equal(["0", "100", "1", "101", "2", "102", "3", "103", "4", "104"], await SaidAsync(app, "orders:1", 10));
        await Eventually.EqualAsync("0", () => Query("SELECT count(*) FROM tidings_outbox"), "rows");
    }

    [Fact]
    public async Task A_context_of_another_database_keeps_its_relay()
    {
        var logs = PostgreSqlServer.Shared.CreateDatabase();
        await using var app = await ShopApp.StartAsync(_database, logs: logs);
        await PublishAsync(app, static async (db, outbox) =>
        {
            outbox.Publish("orders:1", 1);
            await db.SaveChangesAsync();
        });
        Assert.Equal(["1"], await SaidAsync(app, "orders:1", 1));

        // Also where that one has logs, but not those of the nodes.
        await using (var other = await ShopApp.StartAsync(PostgreSqlServer.Shared.CreateDatabase(), logs: _database))
        {
            await PublishAsync(app, static async (db, outbox) =>
            {
                outbox.Publish("orders:1", 2);
                await db.SaveChangesAsync();
            });
            Assert.Equal(["1", "2"], await SaidAsync(app, "orders:1", 2));
            Assert.Empty((await other.Tidings.HistoryAsync("orders:1")).Messages);
        }
    }

    private string Query(string sql) => PostgreSqlServer.Shared.Query(new Npgsql.NpgsqlConnectionStringBuilder(_database).Database!, sql);

    // Where it is watched nothing may be written into the outbox's table.
    private async Task<ShopApp> StartAsync(Action<IServiceCollection>? services = null, bool watched = true)
    {
        var app = await ShopApp.StartAsync(_database, services: services, logs: _database);
        if (watched)
        {
            Query("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the outbox is written'; END $$; CREATE TRIGGER refuse BEFORE INSERT ON tidings_outbox FOR EACH ROW EXECUTE FUNCTION refuse()");
        }

        return app;
    }

    private static async Task PublishAsync(ShopApp app, Func<ShopDb, Outbox<ShopDb>, Task> use)
    {
        await using var scope = app.Services.CreateAsyncScope();
        await use(scope.ServiceProvider.GetRequiredService<ShopDb>(), scope.ServiceProvider.GetRequiredService<Outbox<ShopDb>>());
    }

    private static async Task<List<string>> SaidAsync(ShopApp app, string channel, int count)
    {
        await Eventually.TrueAsync(async () => (await app.Tidings.HistoryAsync(channel)).Position.Offset >= count, static () => "all messages");
        return [.. (await app.Tidings.HistoryAsync(channel)).Messages.Select(static message => System.Text.Encoding.UTF8.GetString(message.Data.Span))];
    }

    // The commit that it sees while it is armed fails as a network does.
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
                throw new TimeoutException("the first time");
            }

            return ValueTask.FromResult(result);
        }
    }
}
