using System.Buffers.Binary;
using TestKit;
using Tidings.Brokers;
using Tidings.PostgreSql.Databases;
using Tidings.PostgreSql.Tests.World;
using PostgreSqlServer = TestKit.PostgreSqlServer;

namespace Tidings.PostgreSql.Tests.Faults;

/// <summary>What may be wrong with a server when a node starts: the node starts, says what it is in one sentence, and goes on once it is mended.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task PostgreSQL_that_is_away_is_waited_for()
    {
        await using var front = new FaultProxy(0);
        await using var world = new PostgreSqlWorld($"Host=127.0.0.1;Port={front.Port};Username=postgres;Database={NewDatabase()}");
        var node = await world.NodeAsync(available: false);
        await Assert.ThrowsAsync<BrokerUnavailableException>(async () => await node.SayAsync("a", "1"));
        Assert.Contains(world.Logged, static line => line.Contains("cannot be used", StringComparison.Ordinal));
        front.Target = PostgreSqlServer.Shared.Port;
        await Eventually.TrueAsync(() => node.Backplane.IsAvailable, "it is there");
        Assert.Equal(1, (await node.SayAsync("a", "1")).Offset);
    }

    [Fact]
    public async Task A_database_in_another_encoding_is_refused_by_name()
    {
        PostgreSqlServer.Shared.Query("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
        await ExpectAsync(PostgreSqlServer.Shared.ConnectionString("latin"), "latin has the encoding LATIN1; it must be UTF8");
    }

    [Fact]
    public async Task A_replica_is_refused_by_name()
    {
        using var replica = PostgreSqlServer.ReplicaOf(PostgreSqlServer.Shared);
        await ExpectAsync(replica.ConnectionString("postgres"), "is a replica");
    }

    [Theory]
    [InlineData(130014, "UTF8", "PostgreSQL 13.14; 14 is the oldest")]
    [InlineData(140000, "SQL_ASCII", "has the encoding SQL_ASCII; it must be UTF8")]
    [InlineData(140000, "UTF8", null)]
    public void A_server_that_is_too_old_is_refused_by_name(int version, string encoding, string? why)
    {
        var told = PostgreSqlDatabase.FaultOf(version, "13.14", encoding, isReplica: false, "shop");
        Assert.True(why is null ? told is null : told!.Contains(why, StringComparison.Ordinal), told);
    }

    [Fact]
    public async Task A_pooler_that_keeps_notifications_back_is_refused_by_name()
    {
        await using var pooler = new FaultProxy(PostgreSqlServer.Shared.Port) { DownFilter = static () => new WithoutNotifications() };
        await ExpectAsync($"Host=127.0.0.1;Port={pooler.Port};Username=postgres;Database={NewDatabase()};SSL Mode=Disable", "pool_mode=transaction");
    }

    [Theory]
    [InlineData("42P05")]
    [InlineData("26000")]
    public void A_pooler_that_mixes_statements_up_is_refused_by_name(string state) =>
        Assert.Contains("pool_mode=transaction", PostgreSqlFault.Translate(new Npgsql.PostgresException("prepared statement", "ERROR", "ERROR", state)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_newer_schema_that_has_left_this_version_behind_is_refused_by_name()
    {
        var database = NewDatabase();
        await using (var first = new PostgreSqlWorld(PostgreSqlServer.Shared.ConnectionString(database)))
        {
            await first.NodeAsync();
        }

        PostgreSqlServer.Shared.Query(database, "UPDATE tidings.cluster SET version = 9, oldest = 8");
        await ExpectAsync(PostgreSqlServer.Shared.ConnectionString(database), "of version 9, which nodes of version 8 or newer may use");
        PostgreSqlServer.Shared.Query(database, "UPDATE tidings.cluster SET oldest = 1");
        await using var again = new PostgreSqlWorld(PostgreSqlServer.Shared.ConnectionString(database));
        await again.NodeAsync();
    }

    [Fact]
    public async Task A_role_that_may_not_make_the_schema_says_what_does_and_runs_on_what_was_made_for_it()
    {
        var database = NewDatabase();
        PostgreSqlServer.Shared.Query(database, $"CREATE ROLE nodes_{database} LOGIN");
        var asRole = $"{PostgreSqlServer.Shared.ConnectionString(database)};Username=nodes_{database}";
        await using var world = new PostgreSqlWorld(asRole);
        var node = await world.NodeAsync(available: false);
        Assert.Contains(world.Logged, static line => line.Contains("tidings postgres init --print", StringComparison.Ordinal));
        PostgreSqlServer.Shared.Query(database, SchemaScript.Print($"nodes_{database}", null));
        await Eventually.TrueAsync(() => node.Backplane.IsAvailable, $"it runs: {string.Join('\n', world.Logged)}");
        var said = await node.SayAsync("a", "1");
        Assert.Equal(1, await node.Broker.EraseAsync("a", said));
        await node.Backplane.Presence.JoinAsync(new Tidings.Presence.Attendance("a", "ann", "c1", Tidings.Presence.PresenceTerms.Default));
        Assert.Equal(1, (await node.Backplane.Presence.ReadAsync("a", 10)).Count);
    }

    [Fact]
    public async Task What_a_role_has_set_for_its_sessions_is_set_aside()
    {
        var database = NewDatabase();
        PostgreSqlServer.Shared.Query(
            database,
            $"ALTER DATABASE {database} SET statement_timeout = '50ms'; ALTER DATABASE {database} SET idle_session_timeout = '200ms'; ALTER DATABASE {database} SET idle_in_transaction_session_timeout = '1ms';"
            + $"ALTER DATABASE {database} SET default_transaction_isolation = 'serializable'; ALTER DATABASE {database} SET search_path = 'nowhere'; ALTER DATABASE {database} SET DateStyle = 'German'");
        await using var world = new PostgreSqlWorld($"Host=127.0.0.1;Port={PostgreSqlServer.Shared.Port};Username=postgres;Database={database}");
        var (one, two) = (await world.NodeAsync(), await world.NodeAsync());
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => (i % 2 == 0 ? one : two).SayAsync("a", $"{i}", history: 1000)));
        await Task.Delay(500, TestContext.Current.CancellationToken);
        Assert.Equal(201, (await one.SayAsync("a", "last")).Offset);
        Assert.DoesNotContain(world.Logged, static line => line.Contains("cannot be used", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Several_nodes_that_start_together_make_one_schema_and_have_at_most_five_connections_each()
    {
        var database = NewDatabase();
        await using var world = new PostgreSqlWorld(PostgreSqlServer.Shared.ConnectionString(database));
        var nodes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => world.NodeAsync()));
        await Task.WhenAll(Enumerable.Range(0, 2000).Select(async i =>
        {
            var node = nodes[i % 4];
            await node.SayAsync($"c:{i % 50}", $"{i}");
            await node.ReadAsync($"c:{i % 50}", last: 5);
            await node.Backplane.Presence.JoinAsync(new Tidings.Presence.Attendance($"c:{i % 50}", $"u{i}", $"n{i}", Tidings.Presence.PresenceTerms.Default));
        }));
        var counts = PostgreSqlServer.Shared.Query(database, "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'tidings%' AND datname = current_database() GROUP BY application_name").Split('\n');
        Assert.All(counts, static count => Assert.InRange(int.Parse(count, null), 1, 5));
    }

    private static int s_databases;

    private static string NewDatabase()
    {
        var name = $"start{Interlocked.Increment(ref s_databases)}";
        PostgreSqlServer.Shared.Query("postgres", $"CREATE DATABASE {name}");
        return name;
    }

    private static async Task ExpectAsync(string connectionString, string why)
    {
        await using var world = new PostgreSqlWorld(connectionString);
        await world.NodeAsync(available: false);
        Assert.Contains(world.Logged, line => line.Contains(why, StringComparison.Ordinal));
    }

    // Messages of the server are a letter, and a length that counts itself. Those that begin with A are notifications.
    private sealed class WithoutNotifications : IByteFilter
    {
        private readonly List<byte> _waiting = [];

        public ValueTask<ReadOnlyMemory<byte>> PassAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            // The answer to a question for encryption is one byte.
            if (bytes.Length == 1 && _waiting.Count == 0)
            {
                return ValueTask.FromResult(bytes);
            }

            _waiting.AddRange(bytes.ToArray());
            var passed = new List<byte>();
            while (_waiting.Count >= 5 && 1 + BinaryPrimitives.ReadInt32BigEndian([.. _waiting[1..5]]) is var length && _waiting.Count >= length)
            {
                passed.AddRange(_waiting[0] == 'A' ? [] : _waiting[..length]);
                _waiting.RemoveRange(0, length);
            }

            return ValueTask.FromResult<ReadOnlyMemory<byte>>(passed.ToArray());
        }
    }
}
