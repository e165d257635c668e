using System.Text;
using Npgsql;
using TestKit;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.PostgreSql.Tests.World;
using Tidings.Protocol;
using Tidings.Redis.Tests.World;
using Tidings.Specification;

namespace Tidings.PostgreSql.Tests.Faults;

/// <summary>PostgreSQL killed, cut off, copied, promoted: no position gets a second payload, nothing that was acknowledged is lost, and every loss is told.</summary>
public sealed class ServerFaultTests : IAsyncLifetime
{
    private const string Channel = "faults";

    private readonly PostgreSqlServer _server = new();
    private readonly List<PostgreSqlServer> _others = [];
    private readonly Dictionary<StreamPosition, string> _said = [];
    private PostgreSqlWorld _world = null!;
    private FaultProxy _front = null!;
    private BrokerNode _one = null!;
    private BrokerNode _two = null!;
    private int _number;

    public async ValueTask InitializeAsync()
    {
        _front = new FaultProxy(_server.Port);
        _world = new PostgreSqlWorld(At(_front.Port), static options => options.PublishWait = TimeSpan.FromSeconds(20));
        (_one, _two) = (await _world.NodeAsync(), await _world.NodeAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        await _front.DisposeAsync();
        _server.Dispose();
        _others.ForEach(static other => other.Dispose());
    }

    [Fact]
    public async Task Killed_again_and_again_it_loses_doubles_and_reorders_nothing()
    {
        using var listener = await Listener.OnAsync(_two, Channel);
        var last = default(StreamPosition);
        for (var round = 0; round < 3; round++)
        {
            last = await SayAsync(20);
            _server.Query("postgres", $"SELECT tidings.publish('{Channel}', '\"sql {round}\"')");
            _server.Kill();
            await Assert.ThrowsAnyAsync<BrokerUnavailableException>(async () => await _one.Broker.ReadAsync(Channel, new HistoryRequest(null, 1)).AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
            _server.Start();
            last = await SayAsync(5);
        }

        await listener.HasHeardAsync(last);
        Assert.Null(listener.Gap);
        Assert.Single(listener.Heard.Select(static message => message.Epoch).Distinct());
        Assert.Equal(Enumerable.Range(1, listener.Heard.Count).Select(static i => (long)i), listener.Offsets);
        Assert.Equal(3, listener.Heard.Count(static message => Text(message).StartsWith("\"sql", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_was_said_while_a_node_was_cut_off_is_heard_when_it_is_back()
    {
        await using var own = new FaultProxy(_server.Port);
        var far = await _world.NodeAsync(At(own.Port));
        using var listener = await Listener.OnAsync(far, Channel);
        await SayAsync(5);
        own.Target = 0;
        own.CutAll();
        var last = await SayAsync(30);
        own.Target = _server.Port;
        await listener.HasHeardAsync(last);
        Assert.Equal(Enumerable.Range(1, 35).Select(static i => (long)i), listener.Offsets);
        Assert.Null(listener.Gap);
    }

    [Fact]
    public async Task What_was_erased_while_a_node_was_cut_off_is_told_there_when_it_is_back()
    {
        await using var own = new FaultProxy(_server.Port);
        var far = await _world.NodeAsync(At(own.Port));
        using var listener = await Listener.OnAsync(far, Channel);
        await listener.HasHeardAsync(await SayAsync(5));
        await _one.Broker.EraseAsync(Channel, _said.Keys.Single(static position => position.Offset == 1));
        await Eventually.TrueAsync(() => listener.Heard.Count == 6, "the first erasure is told");
        own.Target = 0;
        own.CutAll();
        var last = await SayAsync(3);
        foreach (var place in (long[])[3, 7])
        {
            Assert.Equal(1, await _one.Broker.EraseAsync(Channel, _said.Keys.Single(position => position.Offset == place)));
        }

        own.Target = _server.Port;
        await Eventually.TrueAsync(() => listener.Heard.Count == 10, $"the node has heard all, after {string.Join(' ', listener.Heard.Select(static message => $"{message.Kind} {message.Offset}"))}");
        await listener.HasHeardAsync(last);
        Assert.Equal(
            ["Erasure 1", "Erasure 3", "Message 6", "Removed 7", "Message 8"],
            listener.Heard.Skip(5).Select(static message => $"{message.Kind} {message.Offset}"));
        Assert.Null(listener.Gap);
    }

    [Fact]
    public async Task A_link_that_is_silent_is_noticed_and_replaced()
    {
        using var listener = await Listener.OnAsync(_two, Channel);
        await SayAsync(3);
        _front.Down.Fault = Fault.Blackhole;
        await Eventually.TrueAsync(() => !_one.Backplane.IsAvailable && !_two.Backplane.IsAvailable, "both have noticed", TimeSpan.FromSeconds(10));
        _front.Down.Fault = Fault.None;
        _front.CutAll();
        var last = await SayAsync(3);
        await listener.HasHeardAsync(last);
        Assert.Equal(Enumerable.Range(1, listener.Heard.Count).Select(static i => (long)i), listener.Offsets);
    }

    [Fact]
    public async Task Sessions_that_are_ended_by_somebody_are_opened_anew()
    {
        using var listener = await Listener.OnAsync(_two, Channel);
        for (var round = 0; round < 5; round++)
        {
            await SayAsync(5);
            _server.Query("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tidings%'");
        }

        await listener.HasHeardAsync(await SayAsync(5));
        Assert.Null(listener.Gap);
        Assert.Equal(Enumerable.Range(1, listener.Heard.Count).Select(static i => (long)i), listener.Offsets);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_replica_that_is_promoted_begins_new_epochs_and_keeps_what_it_has(bool isSynchronous)
    {
        var replica = PostgreSqlServer.ReplicaOf(_server);
        _others.Add(replica);
        if (isSynchronous)
        {
            _server.Query("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
            _server.Query("postgres", "SELECT pg_reload_conf()");
            await Eventually.TrueAsync(() => _server.Query("postgres", "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1", "the replica is synchronous");
        }

        using var listener = await Listener.OnAsync(_two, Channel);
        var last = await SayAsync(30);
        await listener.HasHeardAsync(last);
        await MoveToAsync(replica);
        await Eventually.TrueAsync(() => listener.Gap is not null && listener.Gap.Value.Epoch != last.Epoch, "the new epoch is told");
        var next = await SayAsync(10);
        await listener.HasHeardAsync(next);
        Assert.NotEqual(last.Epoch, next.Epoch);
        Assert.False((await _one.ReadAsync(Channel, last)).Recovered);
        if (isSynchronous)
        {
            Assert.Equal(_said.Values, (await _one.ReadAsync(Channel, last: 1000)).Messages.Select(Text));
        }
    }

    [Fact]
    public async Task The_old_primary_goes_on_with_its_own_epochs_beside_the_promoted_replica()
    {
        var replica = PostgreSqlServer.ReplicaOf(_server);
        _others.Add(replica);
        var before = await SayAsync(10);
        await Eventually.TrueAsync(() => replica.Query("postgres", "SELECT count(*) FROM tidings.messages") == "10", "the replica has all");
        replica.Query("postgres", "SELECT pg_promote()");
        await using var other = new PostgreSqlWorld(At(replica.Port));
        var far = await other.NodeAsync();
        var (here, there) = (await SayAsync(5), (await far.Broker.PublishAsync(new Publication(Channel, MessageData.Text("other"))))!.Value);
        Assert.Equal(before.Epoch, here.Epoch);
        Assert.NotEqual(before.Epoch, there.Epoch);
    }

    [Fact]
    public async Task A_server_that_does_not_flush_refuses_durable_messages_and_begins_new_epochs_after_a_crash()
    {
        var last = await SayAsync(5, durable: true);
        _server.Query("postgres", "ALTER SYSTEM SET synchronous_commit = off");
        _server.Query("postgres", "SELECT pg_reload_conf()");
        await Eventually.TrueAsync(() => _server.Query("postgres", "SHOW synchronous_commit") == "off", "it does not flush");
        await Eventually.TrueAsync(
            async () => await Record.ExceptionAsync(async () => await _one.SayAsync(Channel, "durable?", durable: true)) is NotDurableException, static () => "durable messages are refused");
        _server.Kill();
        _server.Start();
        Assert.NotEqual(last.Epoch, (await _one.SayAsync(Channel, "after")).Epoch);
    }

    [Fact]
    public async Task Where_there_is_less_than_a_node_has_seen_all_epochs_are_new()
    {
        var last = await SayAsync(10);
        _front.Target = 0;
        _front.CutAll();
        await Eventually.TrueAsync(() => !_one.Backplane.IsAvailable && !_two.Backplane.IsAvailable, "both are cut off");

        // As an older copy of the disk would have it.
        _server.Query("postgres", $"DELETE FROM tidings.messages WHERE place > 8; UPDATE tidings.channels SET top = 8 WHERE name = '{Channel}'");
        _front.Target = _server.Port;
        var next = await SayAsync(1);
        Assert.Equal(9, next.Offset);
        Assert.NotEqual(last.Epoch, next.Epoch);
    }

    [Fact]
    public async Task A_database_that_became_read_only_refuses_publishing_with_its_reason_and_is_read_on()
    {
        using var listener = await Listener.OnAsync(_two, Channel);
        await listener.HasHeardAsync(await SayAsync(3));
        _server.Query("postgres", "ALTER DATABASE postgres SET default_transaction_read_only = on");
        _server.Query("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tidings%'");
        await Eventually.TrueAsync(
            async () => await Record.ExceptionAsync(async () => await _one.SayAsync(Channel, "no")) is BrokerUnavailableException { Refusal: { } why } && why.Contains("read-only", StringComparison.Ordinal),
            static () => "publishing is refused");
        Assert.Equal(3, (await _one.ReadAsync(Channel, last: 10)).Messages.Count);
        await using (var writing = new NpgsqlConnection($"{At(_server.Port)};Options=-c default_transaction_read_only=off"))
        {
            await writing.OpenAsync(TestContext.Current.CancellationToken);
            await using var reset = new NpgsqlCommand("ALTER DATABASE postgres RESET default_transaction_read_only", writing);
            await reset.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        _server.Query("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tidings%'");
        await listener.HasHeardAsync(await SayAsync(1));
    }

    private static string Text(Message message) => Encoding.UTF8.GetString(message.Data.Bytes.Span);

    private static string At(int port) => new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = port, Username = "postgres", Database = "postgres" }.ConnectionString;

    // The old one is gone.
    private async Task MoveToAsync(PostgreSqlServer replica)
    {
        _server.Kill();
        replica.Query("postgres", "SELECT pg_promote()");
        _front.Target = replica.Port;
        _front.CutAll();
        await Eventually.TrueAsync(() => _one.Backplane.IsAvailable && _two.Backplane.IsAvailable, "both nodes have moved", TimeSpan.FromSeconds(30));
    }

    // Says so many, again where it is not known what became of one, and makes sure that no position is another's.
    private async Task<StreamPosition> SayAsync(int count, bool durable = false)
    {
        var last = default(StreamPosition);
        for (var i = 0; i < count; i++)
        {
            var text = $"{++_number}";
            for (var attempt = 0; ; attempt++)
            {
                try
                {
                    last = await (_number % 2 == 0 ? _one : _two).SayAsync(Channel, text, key: text, history: 1000, durable: durable);
                    break;
                }
                catch (BrokerUnavailableException) when (attempt < 200)
                {
                    await Task.Delay(50, TestContext.Current.CancellationToken);
                }
            }

            Assert.True(_said.TryAdd(last, text), $"{last} was given to {_said.GetValueOrDefault(last)} and to {text}");
        }

        return last;
    }
}
