using Microsoft.Data.Sqlite;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Outbox;

/// <summary>The outbox on SQLite: what commits is said once, in the order of commits, also by the process after the one that committed.</summary>
public sealed class SqliteOutboxTests
{
    private readonly string _database = SqliteFile.CreateDatabase();

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
        await Eventually.TrueAsync(async () => await AskAsync("SELECT count(*) FROM tidings_outbox") is 0L, () => "what was published is taken out");
    }

    [Fact]
    public async Task Messages_of_the_application_go_with_a_save_or_a_commit()
    {
        await using var app = await ShopApp.StartAsync(_database);
        await using (var scope = app.Services.CreateAsyncScope())
        {
            var (db, outbox) = (scope.ServiceProvider.GetRequiredService<ShopDb>(), scope.ServiceProvider.GetRequiredService<Outbox<ShopDb>>());
            outbox.Publish("orders:42", new { paid = 1 });
            outbox.Publish("orders:42", new { paid = 2 });
            await db.SaveChangesAsync();
            await using (var transaction = await db.Database.BeginTransactionAsync())
            {
                outbox.Publish("orders:42", new { paid = 3 });
                await transaction.RollbackAsync();
            }

            await using (var transaction = await db.Database.BeginTransactionAsync())
            {
                outbox.Publish("orders:42", new { paid = 4 });
                await transaction.CommitAsync();
            }
        }

        await Eventually.EqualAsync(3L, () => app.Tidings.HistoryAsync("orders:42").AsTask().Result.Position.Offset, "messages");
        var history = await app.Tidings.HistoryAsync("orders:42");
        Assert.Equal(["""{"paid":1}""", """{"paid":2}""", """{"paid":4}"""], history.Messages.Select(static message => System.Text.Encoding.UTF8.GetString(message.Data.Span)));
    }

    [Fact]
    public async Task What_a_process_left_behind_the_next_one_says()
    {
        await using (var app = await ShopApp.StartAsync(_database))
        {
            await app.AddAsync("a");
            await NamesAsync(app, 1);
        }

        // As by a process that was killed between its commit and its publishing.
        await AskAsync("INSERT INTO tidings_outbox (channel, data, [transaction]) VALUES ('orders:1', CAST('7' AS BLOB), 5)");
        await using var next = await ShopApp.StartAsync(_database, create: false);
        await Eventually.EqualAsync(1L, () => next.Tidings.HistoryAsync("orders:1").AsTask().Result.Position.Offset, "messages");
    }

    [Fact]
    public async Task Two_processes_have_one_relay_and_the_other_takes_over()
    {
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
    public async Task Readers_of_rows_keep_no_writer_waiting()
    {
        await using var app = await ShopApp.StartAsync(_database);
        await app.AddAsync("a");
        await app.UseAsync(async reading =>
        {
            await using var transaction = await Databases.DatabaseProvider.Of(reading)!.BeginReadingAsync(reading, CancellationToken.None);
            Assert.Equal(1, await reading.Items.CountAsync());
            await app.AddAsync("b").WaitAsync(TimeSpan.FromSeconds(10));
            Assert.Equal(1, await reading.Items.CountAsync());
        });
    }

    [Fact]
    public async Task A_reading_knows_the_events_of_exactly_its_rows()
    {
        await using var app = await ShopApp.StartAsync(_database);
        using var end = new CancellationTokenSource();
        var writing = Enumerable.Range(0, 2).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 10_000 && !end.IsCancellationRequested; i++)
            {
                await app.AddAsync($"{writer}.{i}");
            }
        })).ToList();
        for (var i = 0; i < 300; i++)
        {
            await app.UseAsync(async db =>
            {
                await using var reading = await Databases.DatabaseProvider.Of(db)!.BeginReadingAsync(db, CancellationToken.None);
                await using var command = db.Database.GetDbConnection().CreateCommand();
                command.Transaction = reading.Transaction;
                command.CommandText = OutboxTable.Of(db)!.Newest;
                command.Parameters.Add(new SqliteParameter("channel", "resource:items"));
                var snapshot = Tidings.Resources.Feed.DatabaseSnapshot.TryParse((string)(await command.ExecuteScalarAsync())!)!;
                var rows = (ulong)await db.Items.LongCountAsync();
                Assert.True((rows == 0 || snapshot.Sees(rows)) && !snapshot.Sees(rows + 1), $"{rows} rows and {snapshot.Text}");
            });
        }

        await end.CancelAsync();
        await Task.WhenAll(writing);
    }

    [Fact]
    public async Task A_start_refuses_a_database_in_memory_and_other_providers_by_name()
    {
        var memory = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(static options => options.UseSqlite("Data Source=:memory:")));
        Assert.Contains("name a file", memory.Message, StringComparison.Ordinal);
        var shared = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(static options => options.UseSqlite("Data Source=shop;Mode=Memory;Cache=Shared")));
        Assert.Contains("name a file", shared.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_that_gives_ids_out_again_publishes_nothing_and_the_log_says_why()
    {
        await AskAsync("CREATE TABLE tidings_outbox (id INTEGER PRIMARY KEY, channel TEXT, key TEXT, data BLOB, hidden BLOB, [transaction] INTEGER)");
        await using var app = await ShopApp.StartAsync(_database, create: false);
        await Eventually.TrueAsync(() => app.Log.Any(static line => line.Contains("must be AUTOINCREMENT", StringComparison.Ordinal)), "it says so");
    }

    private static async Task StartAsync(Action<DbContextOptionsBuilder> use)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddRouting();
        builder.Services.AddDbContext<ShopDb>(use);
        builder.Services.AddTidings().AddDbContext<ShopDb>();
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        await app.StartAsync();
    }

    private static async Task<List<string>> NamesAsync(ShopApp app, int count)
    {
        await Eventually.EqualAsync((long)count, () => app.Tidings.HistoryAsync("resource:items").AsTask().Result.Position.Offset, "events");
        return [.. (await app.Tidings.HistoryAsync("resource:items")).Messages.Select(static message => message.Read<System.Text.Json.JsonElement>().GetProperty("data").GetProperty("name").GetString()!)];
    }

    private async Task<object?> AskAsync(string sql)
    {
        await using var connection = new SqliteConnection(_database + ";Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The test's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync();
    }
}
