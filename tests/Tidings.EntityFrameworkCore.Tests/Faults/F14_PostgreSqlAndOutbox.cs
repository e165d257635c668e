using Npgsql;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Faults;

/// <summary>PostgreSQL killed and nodes killed between commit and publish: an event if and only if its transaction was committed, once, in the order of commits for each row.</summary>
public sealed class F14_PostgreSqlAndOutbox
{
    private const int Rows = 10;

    /// <summary>The short form, as ./test runs it.</summary>
    [Fact]
    public Task Killed_in_the_middle() => RunAsync(seed: 14, kills: 3, transactions: 600);

    /// <summary>The full form: 30 kills over 20,000 transactions, a random seed that is printed.</summary>
    [Fact(Explicit = true)]
    public Task Killed_thirty_times() => RunAsync(Environment.TickCount & 0xFFFFF, kills: 30, transactions: 20_000);

    [Fact]
    public async Task What_a_killed_node_had_committed_its_successor_publishes_once()
    {
        var database = PostgreSqlServer.Shared.CreateDatabase();
        await using (var first = await ShopApp.StartAsync(database))
        {
            // As a node that is killed between COMMIT and publish leaves it: the rows are there, nobody has published them.
            await HoldLockAsync(database, async () =>
            {
                for (var i = 0; i < 5; i++)
                {
                    await first.AddAsync($"item {i}");
                }
            }, first);
        }

        await using var second = await ShopApp.StartAsync(database, create: false);
        await Eventually.EqualAsync(5L, () => second.Tidings.HistoryAsync("resource:items").AsTask().Result.Position.Offset, "events");
        await Eventually.EqualAsync("0", () => Count(database), "rows in the outbox");
        Assert.Equal(5L, (await second.Tidings.HistoryAsync("resource:items")).Position.Offset);
    }

    private static async Task RunAsync(int seed, int kills, int transactions)
    {
        var output = TestContext.Current.TestOutputHelper;
        output?.WriteLine($"seed {seed}");
        using var server = new PostgreSqlServer();
        var database = server.CreateDatabase() + ";Maximum Pool Size=40";
        await using var app = await ShopApp.StartAsync(database);
        for (var i = 0; i < Rows; i++)
        {
            await app.AddAsync($"row {i}", "fruit", 0);
        }

        var heard = new List<(int Id, long Version)>();
        using var end = new CancellationTokenSource();
        var listening = ListenAsync(app, heard, end.Token);
        await Eventually.EqualAsync(Rows, () => Snapshot().Count, "rows that were heard of");
        lock (heard)
        {
            heard.Clear();
        }

        var run = new Run(app, seed, transactions);
        var writing = Task.WhenAll(Enumerable.Range(0, 6).Select(writer => Task.Run(() => run.WriteAsync(writer))));
        var survived = 0;
        var random = new Random(seed);
        while (!writing.IsCompleted && survived < kills)
        {
            var due = (survived + 1) * (long)transactions / (kills + 1);
            await Eventually.TrueAsync(() => run.Done >= due || writing.IsCompleted, $"{run.Done} of {due} transactions", TimeSpan.FromMinutes(5));
            if (writing.IsCompleted)
            {
                break;
            }

            server.Kill();
            await Task.Delay(random.Next(300));
            server.Start();
            survived++;
        }

        await writing;

        // What was committed the database itself says: nobody else can where an answer was lost.
        var committed = await app.UseAsync(db => db.Orders.CountAsync());
        var versions = await app.UseAsync(db => db.Items.ToDictionaryAsync(static item => item.Id, static item => (long)item.Price));
        await Eventually.EqualAsync("0", () => server.Query("test1", "select count(*) from tidings_outbox"), "rows in the outbox", TimeSpan.FromSeconds(60));
        await Eventually.TrueAsync(() => Task.FromResult(Snapshot().Count == committed), () => $"seed {seed}: {Snapshot().Count} events of {committed} commits", TimeSpan.FromSeconds(30));
        await end.CancelAsync();
        await listening;
        List<(int Id, long Version)> Snapshot()
        {
            lock (heard)
            {
                return [.. heard];
            }
        }

        // Each commit raises one row by one: its events are 1, 2, 3 … as often as that row was raised, and nothing else.
        foreach (var row in heard.GroupBy(static e => e.Id))
        {
            Assert.Equal(Enumerable.Range(1, (int)versions[row.Key]).Select(static version => (long)version), row.Select(static e => e.Version));
        }

        Assert.Equal(versions.Values.Sum(), heard.Count);
        output?.WriteLine($"{survived} kills, {run.Done} transactions, {committed} committed, {run.RolledBack} rolled back, {run.Broken} broken off; {heard.Count} events: lost 0, doubled 0, out of order 0, never committed 0");
        TestContext.Current.SendDiagnosticMessage("F14 seed {0}: {1} kills, {2} transactions, {3} committed, {4} rolled back, {5} broken off, {6} events", seed, survived, run.Done, committed, run.RolledBack, run.Broken, heard.Count);
        Assert.Equal(kills, survived);
    }

    private static async Task ListenAsync(ShopApp app, List<(int Id, long Version)> heard, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var message in app.Tidings.SubscribeAsync("resource:items", new SubscribeOptions { QueueLength = 100_000, Last = Rows }, cancellationToken))
            {
                Assert.Equal(ChannelMessageKind.Message, message.Kind);
                var json = message.Read<System.Text.Json.JsonElement>();
                lock (heard)
                {
                    heard.Add((json.GetProperty("id").GetInt32(), (long)json.GetProperty("data").GetProperty("price").GetDecimal()));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // All has been heard.
        }
    }

    private static string Count(string database) => PostgreSqlServer.Shared.Query(new NpgsqlConnectionStringBuilder(database).Database!, "select count(*) from tidings_outbox");

    // Takes the relay's connection away from a node, and the lock before it can have it back.
    private static async Task HoldLockAsync(string database, Func<Task> work, ShopApp app)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        await Eventually.TrueAsync(async () =>
        {
            command.CommandText = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()";
            await command.ExecuteScalarAsync();
            command.CommandText = "SELECT pg_try_advisory_lock(hashtextextended('tidings:.tidings_outbox', 0))";
            return (bool)(await command.ExecuteScalarAsync())!;
        }, () => "the lock is not to be had");
        await work();
        Assert.Equal("5", Count(database));
        await app.DisposeAsync();
    }

    private sealed class Run(ShopApp app, int seed, int transactions)
    {
        private int _left = transactions;
        private int _done;
        private int _rolledBack;
        private int _broken;

        public int Done => _done;
        public int RolledBack => _rolledBack;
        public int Broken => _broken;

        public async Task WriteAsync(int writer)
        {
            var random = new Random(seed * 100 + writer);
            while (Interlocked.Decrement(ref _left) >= 0)
            {
                try
                {
                    await app.UseAsync(db => WriteOnceAsync(db, random));
                }
                catch (Exception error) when (error is NpgsqlException or DbUpdateException or InvalidOperationException or TimeoutException or IOException)
                {
                    // Killed in the middle: whether it was committed the table knows.
                    Interlocked.Increment(ref _broken);
                    await Task.Delay(250);
                }

                Interlocked.Increment(ref _done);
            }
        }

        private async Task WriteOnceAsync(ShopDb db, Random random)
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            var id = random.Next(1, Rows + 1);
            var item = await db.Items.FromSql($"""SELECT * FROM "Items" WHERE "Id" = {id} FOR UPDATE""").SingleAsync();
            item.Price++;
            db.Add(new Order { Id = Guid.NewGuid(), Quantity = 1 });
            if (random.Next(2) == 0)
            {
                db.SaveChanges();
            }
            else
            {
                await db.SaveChangesAsync();
            }

            if (random.Next(5) == 0)
            {
                await transaction.RollbackAsync();
                Interlocked.Increment(ref _rolledBack);
            }
            else
            {
                await transaction.CommitAsync();
            }
        }
    }
}
