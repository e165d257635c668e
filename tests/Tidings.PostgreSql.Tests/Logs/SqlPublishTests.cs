using System.Globalization;
using System.Text;
using Npgsql;
using TestKit;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.PostgreSql.Tests.World;
using Tidings.Redis.Tests.World;
using Tidings.Specification;

namespace Tidings.PostgreSql.Tests.Logs;

/// <summary>G11: <c>tidings.publish</c> inside anybody's transaction.</summary>
public sealed class SqlPublishTests(SharedDatabase database) : IClassFixture<SharedDatabase>, IAsyncLifetime
{
    private static int s_channels;

    private readonly PostgreSqlWorld _world = new(database.ConnectionString) { RetentionOf = static _ => new Retention(10_000, TimeSpan.FromHours(1)) };
    private readonly List<NpgsqlConnection> _connections = [];
    private BrokerNode _one = null!;
    private BrokerNode _two = null!;

    private string Channel { get; } = $"sql:{Interlocked.Increment(ref s_channels)}";

    public async ValueTask InitializeAsync() => (_one, _two) = (await _world.NodeAsync(), await _world.NodeAsync());

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }

        await _world.DisposeAsync();
    }

    [Fact]
    public async Task What_commits_is_heard_by_everybody_and_what_rolls_back_by_nobody()
    {
        using var one = await Listener.OnAsync(_one, Channel);
        using var two = await Listener.OnAsync(_two, Channel);
        Publish("1", "ROLLBACK");
        Publish("2", "COMMIT");
        Publish("3", "ROLLBACK");
        database.Query($"SELECT tidings.publish('{Channel}', '{{\"paid\":true}}', event => 'paid', key => 'k')");
        foreach (var listener in (Listener[])[one, two])
        {
            await Eventually.TrueAsync(() => listener.Heard.Count == 2, $"both are heard, after {string.Join(' ', listener.Offsets)}");
            Assert.Equal(["2", "{\"paid\":true}"], listener.Heard.Select(Text));
            Assert.Equal(("paid", "k", DataKind.Json, 2L), (listener.Heard[1].Event, listener.Heard[1].Key, listener.Heard[1].Data.Kind, listener.Heard[1].Offset));
        }

        Assert.Equal(["2", "{\"paid\":true}"], (await _one.ReadAsync(Channel, last: 10)).Messages.Select(Text));
        Assert.Equal("0", database.Query("SELECT count(*) FROM tidings.inbox"));
    }

    [Fact]
    public async Task What_committed_before_another_called_publish_comes_first_whoever_publishes()
    {
        var said = new List<string>();
        for (var i = 0; i < 60; i++)
        {
            if (i % 3 == 0)
            {
                Publish($"{i}", "COMMIT");
            }
            else
            {
                await SayAsync(i % 3 == 1 ? _one : _two, $"{i}");
            }

            said.Add($"{i}");
        }

        await Eventually.TrueAsync(async () => (await _one.ReadAsync(Channel, last: 100)).Messages.Count == said.Count, static () => "all are there");
        Assert.Equal(said, (await _one.ReadAsync(Channel, last: 100)).Messages.Select(Text));
    }

    [Fact]
    public async Task What_is_only_said_in_passing_comes_after_what_committed_before_too()
    {
        using var listener = await Listener.OnAsync(_two, Channel);
        for (var i = 0; i < 20; i++)
        {
            Publish($"{i}", "COMMIT");
            await _one.Broker.PublishAsync(new Publication(Channel, MessageData.Text($"passing {i}")) { Ephemeral = true });
        }

        await Eventually.TrueAsync(() => listener.Heard.Count == 40, "all are heard");
        Assert.Equal(Enumerable.Range(0, 20).SelectMany(static i => (string[])[$"{i}", $"passing {i}"]), listener.Heard.Select(Text));
    }

    [Fact]
    public async Task What_is_only_said_in_passing_leaves_no_log()
    {
        await _one.Broker.PublishAsync(new Publication(Channel, MessageData.Text("passing")) { Ephemeral = true });
        Assert.Equal("0", database.Query($"SELECT count(*) FROM tidings.channels WHERE name = '{Channel}'"));
    }

    [Fact]
    public async Task A_transaction_that_stays_open_hides_nothing_and_is_heard_when_it_commits()
    {
        using var listener = await Listener.OnAsync(_two, Channel);
        var open = await BeginAsync();
        await RunAsync(open, $"SELECT tidings.publish('{Channel}', '\"late\"')");
        for (var i = 0; i < 20; i++)
        {
            Publish($"{i}", "COMMIT");
            await SayAsync(_one, $"node {i}");
        }

        await Eventually.TrueAsync(() => listener.Heard.Count == 40, "all but the late one are heard");
        Assert.DoesNotContain("\"late\"", listener.Heard.Select(Text));
        await RunAsync(open, "COMMIT");
        await Eventually.TrueAsync(() => listener.Heard.Count == 41, "the late one is heard");
        Assert.Equal(("\"late\"", 41L), (Text(listener.Heard[^1]), listener.Heard[^1].Offset));
    }

    [Fact]
    public async Task Two_transactions_that_publish_in_two_channels_in_opposite_order_do_not_wait_for_each_other()
    {
        var (one, two) = (await BeginAsync(), await BeginAsync());
        await RunAsync(one, $"SELECT tidings.publish('{Channel}:a', '1')");
        await RunAsync(two, $"SELECT tidings.publish('{Channel}:b', '2')");
        await RunAsync(one, $"SELECT tidings.publish('{Channel}:b', '3')");
        await RunAsync(two, $"SELECT tidings.publish('{Channel}:a', '4')");

        // Nor do nodes for either of them.
        await SayAsync(_one, "between", $"{Channel}:a");
        await SayAsync(_two, "between", $"{Channel}:b");
        await RunAsync(two, "COMMIT");
        await RunAsync(one, "COMMIT");
        await Eventually.TrueAsync(async () => (await _one.ReadAsync($"{Channel}:a", last: 10)).Messages.Count == 3 && (await _one.ReadAsync($"{Channel}:b", last: 10)).Messages.Count == 3, static () => "all are there");
    }

    [Fact]
    public async Task Many_writers_of_both_kinds_at_once_lose_and_double_nothing()
    {
        using var listener = await Listener.OnAsync(_two, Channel);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async writer =>
        {
            var connection = await OpenAsync();
            for (var i = 0; i < 30; i++)
            {
                if (writer % 2 == 0)
                {
                    await RunAsync(connection, $"BEGIN; SELECT tidings.publish('{Channel}', '\"{writer}:{i}\"'); {(i % 5 == 4 ? "ROLLBACK" : "COMMIT")}");
                }
                else
                {
                    await SayAsync(writer % 3 == 0 ? _one : _two, $"{writer}:{i}");
                }
            }
        }));
        await Eventually.TrueAsync(() => listener.Heard.Count == (5 * 30) + (5 * 24), $"all are heard, after {listener.Heard.Count}");
        Assert.Equal(Enumerable.Range(1, listener.Heard.Count).Select(static i => (long)i), listener.Offsets);
        Assert.Equal(listener.Heard.Count, listener.Heard.Select(Text).Distinct().Count());
        foreach (var writer in listener.Heard.Select(static message => Text(message).Trim('"').Split(':')).GroupBy(static text => text[0]))
        {
            Assert.Equal(writer.Select(static text => int.Parse(text[1], CultureInfo.InvariantCulture)).Order(), writer.Select(static text => int.Parse(text[1], CultureInfo.InvariantCulture)));
        }
    }

    [Fact]
    public async Task A_transaction_may_publish_thousands_and_what_a_node_says_then_comes_after_them()
    {
        database.Query($"SELECT tidings.publish('{Channel}', n::text) FROM generate_series(1, 5000) n");
        var position = await SayAsync(_one, "after");
        Assert.Equal(5001, position.Offset);
    }

    [Fact]
    public async Task A_repeat_with_the_same_idempotency_key_is_the_first_one_again()
    {
        database.Query($"SELECT tidings.publish('{Channel}', '1', idempotency_key => 'once')");
        database.Query($"SELECT tidings.publish('{Channel}', '2', idempotency_key => 'once')");
        Assert.Equal(1, (await _one.SayAsync(Channel, "3", key: "once")).Offset);
        Assert.Equal(["1"], (await _two.ReadAsync(Channel, last: 10)).Messages.Select(Text));
    }

    [Fact]
    public async Task Keys_of_a_state_are_set_and_taken_out_as_the_kind_of_the_channel_has_it()
    {
        _world.RetentionOf = static _ => new Retention(10, TimeSpan.FromHours(1)) { State = new StateBounds(2, 10_000) };
        foreach (var sql in (string[])["'1', key => 'a'", "'2', key => 'b'", "'3', key => 'c'", "'4', key => 'a'", "NULL::text, key => 'b', remove => true"])
        {
            database.Query($"SELECT tidings.publish('{Channel}', {sql})");
        }

        await Eventually.TrueAsync(() => database.Query("SELECT count(*) FROM tidings.inbox") == "0", "all have their places");
        var part = await _one.Broker.ReadAsync(Channel, new HistoryRequest(null, 10) { State = true });
        Assert.Equal([1L, 2, 3, 4], part.Messages.Select(static message => message.Offset));
        Assert.Equal(["a=4"], part.State.SelectMany(static one => one.State!.Entries).Select(static entry => $"{entry.Key}={Text(entry)}"));
    }

    [Fact]
    public async Task What_a_state_has_no_room_for_is_counted_whoever_takes_it_from_the_inbox()
    {
        _world.RetentionOf = static _ => new Retention(10, TimeSpan.FromHours(1)) { State = new StateBounds(1, 10_000) };
        using var probe = _world.Probe();
        database.Query($"SELECT tidings.publish('{Channel}', '0', key => 'first')");
        for (var i = 0; i < 20; i++)
        {
            database.Query($"SELECT tidings.publish('{Channel}', '{i}', key => 'k{i}')");
            await _one.Broker.PublishAsync(new Publication(Channel, MessageData.Text("between")) { Retention = _world.RetentionOf(Channel) });
        }

        await Eventually.TrueAsync(() => probe.Sum("tidings.postgres.dropped/state") == 20, "all that had no room are counted");
    }

    [Theory]
    [InlineData("'bad name', '1'", "no name of a channel")]
    [InlineData("'a😀', '1'", "no name of a channel")]
    [InlineData("'x×y', '1'", "no name of a channel")]
    [InlineData("E'a\\u2028b', '1'", "no name of a channel")]
    [InlineData("E'a\\u200db', '1'", "no name of a channel")]
    [InlineData("E'a\\ufe0f', '1'", "no name of a channel")]
    [InlineData("E'e\\u0301', '1'", "no name of a channel")]
    [InlineData("'', '1'", "no name of a channel")]
    [InlineData("NULL, '1'", "no name of a channel")]
    [InlineData("'a', '{'", "json")]
    [InlineData("'a', NULL::text", "no data")]
    [InlineData("'a', '1', key => ''", "a key must")]
    [InlineData("'a', '1', event => E'a\\nb'", "name of an event")]
    [InlineData("'a', '1', remove => true", "named by its key")]
    [InlineData("'a', '1', idempotency_key => ''", "idempotency key must")]
    public void What_could_not_be_given_back_is_refused_in_the_transaction(string arguments, string why) =>
        Assert.Contains(why, Assert.Throws<ExpectationException>(() => database.Query($"SELECT tidings.publish({arguments})")).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Types_of_JSON_are_taken_and_line_breaks_between_values_are_none()
    {
        database.Query($"SELECT tidings.publish('{Channel}', jsonb_build_object('a', 1)), tidings.publish('{Channel}', json_build_array(1)), tidings.publish('{Channel}', E'[1,\\n 2]')");
        await Eventually.TrueAsync(async () => (await _one.ReadAsync(Channel, last: 10)).Messages.Count == 3, static () => "all are there");
        Assert.Equal(["{\"a\": 1}", "[1]", "[1,  2]"], (await _one.ReadAsync(Channel, last: 10)).Messages.Select(Text));
    }

    [Fact]
    public async Task A_role_that_may_publish_may_do_nothing_else_and_a_trigger_may_publish_for_whoever_writes()
    {
        database.Query($"CREATE ROLE app{Channel[4..]} LOGIN; CREATE TABLE orders{Channel[4..]} (id int); GRANT INSERT ON orders{Channel[4..]} TO app{Channel[4..]}");
        database.Query(Databases.SchemaScript.Grants(null, $"app{Channel[4..]}"));
        database.Query($"CREATE FUNCTION told{Channel[4..]}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM tidings.publish('{Channel}', to_jsonb(NEW)); RETURN NULL; END $$;"
            + $"CREATE TRIGGER t AFTER INSERT ON orders{Channel[4..]} FOR EACH ROW EXECUTE FUNCTION told{Channel[4..]}()");
        var role = $"SET ROLE app{Channel[4..]}; ";
        database.Query($"{role}SELECT tidings.publish('{Channel}', '1')");
        database.Query($"{role}INSERT INTO orders{Channel[4..]} VALUES (7)");
        foreach (var statement in (string[])["SELECT * FROM tidings.messages", "INSERT INTO tidings.inbox (channel, payload) VALUES ('a', '')", "SELECT tidings.renew_1('')", "SELECT tidings.now_1()"])
        {
            Assert.Contains("permission denied", Assert.Throws<ExpectationException>(() => database.Query(role + statement)).Message, StringComparison.Ordinal);
        }

        await Eventually.TrueAsync(async () => (await _one.ReadAsync(Channel, last: 10)).Messages.Count == 2, static () => "both are there");
        Assert.Equal("{\"id\": 7}", Text((await _one.ReadAsync(Channel, last: 1)).Messages[0]));
    }

    [Fact]
    public async Task Advisory_locks_of_others_keep_nobody_from_publishing()
    {
        var other = await OpenAsync();
        for (var i = 0; i < 4; i++)
        {
            await RunAsync(other, $"SELECT pg_advisory_lock(1953064041, {i})");
        }

        using var listener = await Listener.OnAsync(_two, Channel);
        Publish("1", "COMMIT");
        await SayAsync(_one, "2");
        await Eventually.TrueAsync(() => listener.Heard.Count == 2, "both are heard");
        var role = $"locks{Channel[4..]}";
        database.Query($"CREATE ROLE {role}");
        database.Query(Databases.SchemaScript.Grants(null, role));
        foreach (var statement in (string[])["LOCK TABLE tidings.turns IN ACCESS SHARE MODE", "SELECT FROM tidings.turns FOR UPDATE"])
        {
            Assert.Contains("permission denied", Assert.Throws<ExpectationException>(() => database.Query($"SET ROLE {role}; BEGIN; {statement}")).Message, StringComparison.Ordinal);
        }
    }

    private static string Text(Message message) => Encoding.UTF8.GetString(message.Data.Bytes.Span);

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<Protocol.StreamPosition> SayAsync(BrokerNode node, string text, string? channel = null) => await node.SayAsync(channel ?? Channel, text, history: 10_000);

    private void Publish(string json, string end) => database.Query($"BEGIN; SELECT tidings.publish('{Channel}', '{json}'); {end}");

    private async Task<NpgsqlConnection> BeginAsync()
    {
        var connection = await OpenAsync();
        await RunAsync(connection, "BEGIN");
        return connection;
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        lock (_connections)
        {
            _connections.Add(connection);
        }

        return connection;
    }
}
