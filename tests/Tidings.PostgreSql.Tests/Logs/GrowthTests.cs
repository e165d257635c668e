using System.Globalization;
using Npgsql;
using TestKit;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.PostgreSql.Tests.World;
using Tidings.Redis.Tests.World;

namespace Tidings.PostgreSql.Tests.Logs;

/// <summary>Tables, dead rows and connections stay bounded while messages pass, and a transaction that stays open beside it costs no more with each message.</summary>
public sealed class GrowthTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly SharedDatabase _database = new();
    private PostgreSqlWorld _world = null!;
    private BrokerNode _one = null!;
    private BrokerNode _two = null!;

    public async ValueTask InitializeAsync()
    {
        _world = new PostgreSqlWorld(_database.ConnectionString) { RetentionOf = static _ => new Retention(20, TimeSpan.FromHours(1)) };
        (_one, _two) = (await _world.NodeAsync(), await _world.NodeAsync());
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Beside_an_open_transaction_no_row_of_a_log_is_written_with_each_message()
    {
        await using var open = new NpgsqlConnection(_database.ConnectionString);
        await open.OpenAsync(TestContext.Current.CancellationToken);
        await using var begin = new NpgsqlCommand("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1", open);
        await begin.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var last = default(Protocol.StreamPosition);
        for (var i = 0; i < 300; i++)
        {
            last = await SayAsync(_one, "growth");
        }

        Assert.Equal(300, last.Offset);
        _database.Query("SELECT tidings.publish('growth', n::text) FROM generate_series(1, 300) n");
        await Eventually.TrueAsync(async () => (await _two.ReadAsync("growth", last: 1)).Messages is [{ Offset: 600 }], static () => "all are there");
        // A page takes 40 versions of a row and more.
        Assert.Equal("t", _database.Query("SELECT pg_relation_size('tidings.channels') <= 8192"));
    }

    [Fact(Explicit = true)]
    public async Task Publishing_beside_an_open_transaction_while_many_messages_pass()
    {
        await MeasureAsync("before");
        await using var open = new NpgsqlConnection(_database.ConnectionString);
        await open.OpenAsync(TestContext.Current.CancellationToken);
        await using var begin = new NpgsqlCommand("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1", open);
        await begin.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        for (var round = 0; round < 4; round++)
        {
            for (var part = 0; part < 10; part++)
            {
                _database.Query("SELECT tidings.publish('bulk:' || n % 100, n::text) FROM generate_series(1, 2500) n");
                await Task.WhenAll(Enumerable.Range(0, 2500).Select(i => SayAsync(_one, $"node:{i % 100}")));
            }

            await Eventually.TrueAsync(() => _database.Query("SELECT count(*) FROM tidings.inbox") == "0", "the inbox is empty", TimeSpan.FromSeconds(120));
            await MeasureAsync($"{(round + 1) * 50_000} messages");
        }
    }

    [Fact(Explicit = true)]
    public async Task Nothing_grows_while_messages_pass_for_long()
    {
        var seconds = int.Parse(Environment.GetEnvironmentVariable("TIDINGS_SECONDS") ?? "300", CultureInfo.InvariantCulture);
        var began = TimeProvider.System.GetTimestamp();
        var (said, next) = (0, 0);
        List<long> sizes = [];
        while (TimeProvider.System.GetElapsedTime(began).TotalSeconds < seconds)
        {
            _database.Query("SELECT tidings.publish('bulk:' || n % 100, n::text) FROM generate_series(1, 250) n");
            await Task.WhenAll(Enumerable.Range(0, 250).Select(i => SayAsync(_one, $"node:{i % 100}")));
            said += 500;
            if (TimeProvider.System.GetElapsedTime(began).TotalSeconds >= next)
            {
                next += seconds / 10;
                sizes.Add(long.Parse(_database.Query("SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables WHERE schemaname = 'tidings'"), CultureInfo.InvariantCulture));
                output.WriteLine($"{said} messages: {sizes[^1] >> 10} KB, " + _database.Query(
                    "SELECT string_agg(relname || ' ' || n_live_tup || '+' || n_dead_tup || ' ' || pg_total_relation_size(relid) / 1024 || ' KB', ', ' ORDER BY pg_total_relation_size(relid) DESC) FROM pg_stat_user_tables WHERE schemaname = 'tidings' AND pg_total_relation_size(relid) > 100000")
                    + $", {_database.Query("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'tidings%' AND datname = current_database()")} connections");
            }
        }

        Assert.True(sizes[^1] < 2 * sizes[sizes.Count / 2], $"{sizes[sizes.Count / 2]} bytes in the middle, {sizes[^1]} at the end");
    }

    private async Task MeasureAsync(string when)
    {
        var times = new List<double>();
        for (var i = 0; i < 200; i++)
        {
            var began = TimeProvider.System.GetTimestamp();
            await SayAsync(_one, $"node:{i % 100}");
            times.Add(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
        }

        times.Sort();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{when}: publish p50 {times[100]:f1} ms, p99 {times[198]:f1} ms"));
    }

    private static async Task<Protocol.StreamPosition> SayAsync(BrokerNode node, string channel) =>
        (await node.Broker.PublishAsync(new Publication(channel, MessageData.Text("1")) { Retention = new Retention(20, TimeSpan.FromHours(1)) }))!.Value;
}
