using System.Globalization;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Checker;

/// <summary>Writers and joiners at once, over many seeds: every client has in the end what the table has, and no row ever went back.</summary>
public sealed class ConvergenceTests
{
    private const int Writing = 6;
    private const int Times = 60;

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public Task Every_collection_equals_the_table_in_the_end(int seed) => CheckAsync(seed, queueBytes: null);

    /// <summary>A page of rows for each of a few rows: what happens between the first and the last is told once.</summary>
    [Theory]
    [InlineData(5), InlineData(6), InlineData(7), InlineData(8)]
    public Task Every_collection_equals_the_table_in_the_end_where_its_rows_are_of_many_moments(int seed) => CheckAsync(seed, queueBytes: 1024);

    [Theory]
    [InlineData(9, null), InlineData(10, null), InlineData(11, 1024), InlineData(12, 1024)]
    public Task Every_collection_equals_the_table_on_SQLite_too(int seed, int? queueBytes) => CheckAsync(seed, queueBytes, SqliteFile.CreateDatabase());

    /// <summary>Without a relay: the transaction itself puts its events into the logs' inbox.</summary>
    [Theory]
    [InlineData(13, null), InlineData(14, 1024)]
    public Task Every_collection_equals_the_table_where_the_logs_are_in_the_same_database(int seed, int? queueBytes)
    {
        var database = PostgreSqlServer.Shared.CreateDatabase();
        return CheckAsync(seed, queueBytes, database, database);
    }

    // TIDINGS_SEEDS=100: as many as are wanted, from a random first one.
    [Fact(Explicit = true)]
    public async Task Over_many_seeds()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("TIDINGS_SEEDS") ?? "50", CultureInfo.InvariantCulture);
        var first = Environment.TickCount & 0xFFFFF;
        for (var seed = first; seed < first + count; seed++)
        {
            TestContext.Current.SendDiagnosticMessage("seed {0}", seed);
            await CheckAsync(seed, seed % 2 == 0 ? null : 1024);
        }
    }

    private static async Task CheckAsync(int seed, int? queueBytes, string? database = null, string? logs = null)
    {
        var isSqlite = SqliteFile.Is(database);
        await using var app = await ShopApp.StartAsync(database ?? PostgreSqlServer.Shared.CreateDatabase(), queueBytes: queueBytes, logs: logs);
        for (var i = 0; i < (queueBytes is null ? 20 : 60); i++)
        {
            await app.AddAsync($"item {i}", "fruit", 1, "ann");
        }

        var writers = new Writers(app, seed);
        var writing = Task.WhenAll(Enumerable.Range(0, Writing).Select(writer => Task.Run(() => writers.WriteAsync(writer, Times))));
        var replicas = new List<Replica>();
        var random = new Random(seed);
        while (!writing.IsCompleted && replicas.Count < 40)
        {
            var replica = new Replica(app, $"replica {replicas.Count}", random.Next(3) switch { 0 => "fruit", 1 => "toy", _ => null });
            replicas.Add(replica);
            await replica.ConnectAsync();
            if (random.Next(3) == 0)
            {
                var again = replicas[random.Next(replicas.Count)];
                await again.DisconnectAsync();
                await again.ConnectAsync();
            }

            await Task.Delay(random.Next(20));
        }

        await writing;
        var rows = await app.UseAsync(db => db.Items.OrderBy(static item => item.Id).ToListAsync());
        string Expected(Replica replica) => string.Join('\n', rows.Where(row => replica.Category is null || row.Category == replica.Category).Select(row => string.Create(
            CultureInfo.InvariantCulture, $$"""{"id":{{row.Id}},"name":"{{row.Name}}","category":"{{row.Category}}","price":{{(isSqlite ? row.Price / 1.000000m : row.Price)}}}""")));
        foreach (var replica in replicas)
        {
            await Eventually.TrueAsync(() => Task.FromResult(replica.Text == Expected(replica)), () => $"seed {seed}: {replica.Name}\n{replica.Text}\ninstead of\n{Expected(replica)}");
            Assert.True(replica.Faults.Count == 0, $"seed {seed}: {string.Join('\n', replica.Faults)}");
        }

        Assert.True(writers.Committed > Writing * Times / 3, $"{writers.Committed} commits");
        Assert.True(replicas.Sum(static replica => replica.Events) > 100, $"seed {seed}: {replicas.Count} replicas, {replicas.Sum(static replica => replica.Events)} events");
        foreach (var replica in replicas)
        {
            await replica.DisposeAsync();
        }
    }
}
