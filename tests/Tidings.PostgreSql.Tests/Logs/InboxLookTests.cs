using System.Globalization;
using Npgsql;
using Tidings.PostgreSql.Databases;
using Tidings.PostgreSql.Tests.World;

namespace Tidings.PostgreSql.Tests.Logs;

/// <summary>A look into the inbox finds what the whole table would show, and reads nothing that was taken before. No node is at work here.</summary>
public sealed class InboxLookTests(SharedDatabase database) : IClassFixture<SharedDatabase>, IAsyncLifetime
{
    private readonly List<NpgsqlConnection> _connections = [];
    private NpgsqlConnection _looker = null!;
    private InboxMark _mark = InboxMark.Unknown;

    public async ValueTask InitializeAsync()
    {
        _looker = await OpenAsync();
        await SchemaScript.EnsureAsync(_looker);
        await RunAsync(_looker, "DELETE FROM tidings.inbox");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task In_whatever_order_transactions_begin_publish_and_end_the_first_that_waits_is_found(int seed)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var writers = new List<Writer>();
        for (var i = 0; i < 6; i++)
        {
            writers.Add(new Writer(await OpenAsync()));
        }

        var found = 0;
        for (var step = 0; step < 600; step++)
        {
            switch (random.Next(8))
            {
                case 0:
                    // Somebody else takes some of what waits, in whatever channel.
                    await RunAsync(_looker, $"DELETE FROM tidings.inbox WHERE id IN (SELECT id FROM tidings.inbox ORDER BY {(random.Next(2) == 0 ? "id" : "channel, id")} LIMIT {random.Next(1, 20)})");
                    break;
                case 1:
                case 2:
                    _mark = await LookAsync();
                    break;
                default:
                    await writers[random.Next(writers.Count)].GoOnAsync(random);
                    break;
            }

            var (first, real) = await FirstAsync();
            Assert.True(first == real, $"step {step} of seed {seed}: {first} instead of {real}, from {_mark.From} since {_mark.Since} with {string.Join(' ', _mark.Running)}");
            found += real is null ? 0 : 1;
        }

        Assert.InRange(found, 50, 600);
    }

    [Fact]
    public async Task What_was_taken_beside_an_open_transaction_is_not_read_over_again()
    {
        var open = await OpenAsync();
        await RunAsync(open, "BEGIN ISOLATION LEVEL REPEATABLE READ");
        await RunAsync(open, "SELECT count(*) FROM tidings.channels");
        await RunAsync(_looker, "SELECT tidings.publish('many', n::text) FROM generate_series(1, 5000) n");
        _mark = await LookAsync();
        await RunAsync(_looker, "DELETE FROM tidings.inbox");
        _mark = await LookAsync();
        await RunAsync(_looker, "SELECT tidings.publish('other', '1')");
        Assert.InRange(await PagesOfAsync("SELECT * FROM tidings.look_1($1, $2, $3)"), 1, 60);
        Assert.InRange(await PagesOfAsync("SELECT tidings.first_1($1, $2, $3)"), 1, 60);
        var (first, real) = await FirstAsync();
        Assert.NotNull(real);
        Assert.Equal(real, first);
    }

    private async Task<InboxMark> LookAsync() => await new Statement("SELECT waits, next, running, since FROM tidings.look_1($1, $2, $3)", _mark.From, _mark.Running, _mark.Since)
        .RunAsync(_looker, static async row =>
        {
            await row.ReadAsync();
            return new InboxMark(row.GetInt64(1), row.Array<long>(2), row.GetInt64(3));
        });

    private async Task<(long? First, long? Real)> FirstAsync() => await new Statement("SELECT tidings.first_1($1, $2, $3), (SELECT min(id) FROM tidings.inbox)", _mark.From, _mark.Running, _mark.Since)
        .RunAsync(_looker, static async row =>
        {
            await row.ReadAsync();
            return (row.IsNull(0) ? (long?)null : row.GetInt64(0), row.IsNull(1) ? (long?)null : row.GetInt64(1));
        });

    // How many pages a statement reads.
    private async Task<int> PagesOfAsync(string sql)
    {
        var plan = await new Statement($"EXPLAIN (ANALYZE, BUFFERS, FORMAT YAML, TIMING off) {sql}", _mark.From, _mark.Running, _mark.Since).RunAsync(_looker, Statement.ValueAsync);
        var lines = ((string)plan!).Split('\n', StringSplitOptions.TrimEntries);
        return lines.First(static line => line.StartsWith("Shared Hit Blocks:", StringComparison.Ordinal)).Split(' ') is [.., var count] ? int.Parse(count, CultureInfo.InvariantCulture) : 0;
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        _connections.Add(connection);
        await RunAsync(connection, "SET enable_seqscan = off");
        return connection;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private sealed class Writer(NpgsqlConnection connection)
    {
        private bool _began;

        public async Task GoOnAsync(Random random)
        {
            if (!_began)
            {
                await RunAsync(connection, "BEGIN");
                _began = true;
            }

            var sql = random.Next(7) switch
            {
                0 => "ROLLBACK",
                1 or 2 => "COMMIT",
                3 => "SELECT pg_current_xact_id()",
                4 => "SAVEPOINT s; SELECT tidings.publish('b', '1'); ROLLBACK TO s; SAVEPOINT s; SELECT tidings.publish('c', '2'); RELEASE s",
                _ => $"SELECT tidings.publish('{(char)('a' + random.Next(4))}', n::text) FROM generate_series(1, {random.Next(1, 9)}) n",
            };
            await RunAsync(connection, sql);
            _began = sql is not "ROLLBACK" and not "COMMIT";
        }
    }
}
