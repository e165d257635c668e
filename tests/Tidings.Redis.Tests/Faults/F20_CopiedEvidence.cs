using TestKit;
using Tidings.Brokers;
using Tidings.Protocol;
using Tidings.Redis.Tests.World;
using Tidings.Specification;

namespace Tidings.Redis.Tests.Faults;

/// <summary>What is copied with the data says nothing about who acknowledged: whichever server goes on from whichever copy, no position gets a second payload.</summary>
public sealed class F20_CopiedEvidence : IAsyncLifetime
{
    private readonly Dictionary<StreamPosition, string> _said = [];
    private readonly List<RedisWorld> _worlds = [];
    private RedisServer _first = null!;
    private RedisServer _second = null!;
    private FaultProxy _replication = null!;
    private FaultProxy _front = null!;
    private BrokerNode _node = null!;
    private int _number;

    public async ValueTask InitializeAsync()
    {
        _first = await RedisServer.StartAsync(RedisPersistence.Always, "--repl-diskless-sync-delay", "0");
        _second = await RedisServer.StartAsync(RedisPersistence.Always, "--repl-diskless-sync-delay", "0");
        _replication = new FaultProxy(_first.Port);
        _front = new FaultProxy(_first.Port);
        _node = await NewNodeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var world in _worlds)
        {
            await world.DisposeAsync();
        }

        await _front.DisposeAsync();
        await _replication.DisposeAsync();
        await _second.DisposeAsync();
        await _first.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_replica_that_lags_is_started_as_the_master_by_its_own_configuration(bool fresh)
    {
        await SayAsync(20);
        await ReplicateAsync();
        await SayAsync(20);
        await LagAsync();
        await SayAsync(20);
        await _first.KillAsync();
        _second.Kill();
        await _second.StartAgainAsync();
        await MoveToAsync(_second, fresh);
        await SayAsync(40);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_replica_is_promoted_and_restarts_before_a_node_has_looked(bool fresh)
    {
        await SayAsync(20);
        await ReplicateAsync();
        await SayAsync(20);
        await LagAsync();
        await SayAsync(20);
        await _first.KillAsync();
        await _second.SendAsync("REPLICAOF", "NO", "ONE");
        _second.Kill();
        await _second.StartAgainAsync();
        await MoveToAsync(_second, fresh);
        await SayAsync(40);
    }

    // It has everything that was acknowledged until then; and so has the other, when it comes back.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_replica_that_has_everything_goes_on_and_then_the_old_master_does(bool fresh)
    {
        await SayAsync(20);
        await ReplicateAsync();
        _second.Kill();
        await _second.StartAgainAsync();
        await MoveToAsync(_second, fresh);
        await SayAsync(20);
        await _first.KillAsync();
        await _first.StartAgainAsync();
        await MoveToAsync(_first, fresh);
        await SayAsync(40);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_append_only_file_is_switched_off_and_the_server_restarts_from_it(bool fresh)
    {
        await SayAsync(20);
        await _first.SendAsync("CONFIG", "SET", "appendonly", "no");
        await SayAsync(20);
        await RestartAsync(fresh);
        await SayAsync(40);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task It_is_switched_on_again_and_the_server_is_killed_while_it_is_written_for_the_first_time(bool fresh, bool quiet)
    {
        await SayAsync(20);
        await FillAsync();
        await _first.SendAsync("CONFIG", "SET", "rdb-key-save-delay", "200000");
        await _first.SendAsync("CONFIG", "SET", "appendonly", "no");
        await SayAsync(quiet ? 0 : 20);

        // The process that writes the file has this connection, too: it closes when that has ended.
        _ = _first.SendAsync("CONFIG", "SET", "appendonly", "yes");
        await Eventually.TrueAsync(IsRewritingAsync, static () => "the file is written");
        await SayAsync(20);
        await Assert.ThrowsAsync<NotDurableException>(() => _node.SayAsync("a", "durable", durable: true));
        Assert.True(await IsRewritingAsync(), "the file is still written");
        await RestartAsync(fresh);
        await SayAsync(60);
    }

    [Fact]
    public async Task Once_it_is_written_durable_publishes_are_accepted_and_survive()
    {
        await SayAsync(20);
        await _first.SendAsync("CONFIG", "SET", "appendonly", "no");
        await SayAsync(20);
        await _first.SendAsync("CONFIG", "SET", "appendonly", "yes");
        StreamPosition? durable = null;
        await Eventually.TrueAsync(async () => (durable = await TryDurableAsync()) is not null, static () => "durable publishes are accepted");
        await RestartAsync(fresh: true);
        Assert.Equal(durable, (await _node.ReadAsync("a")).Top);
    }

    // The file is written anew under way: what proves that it is the server's own is in the new one, too.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_that_was_rewritten_is_as_good_as_before(bool replicated)
    {
        await SayAsync(20);
        if (replicated)
        {
            await ReplicateAsync();
        }

        var before = await SayAsync(1);
        await _first.SendAsync("BGREWRITEAOF");
        await Eventually.TrueAsync(async () => !await IsRewritingAsync(), static () => "the file is written");
        await SayAsync(1);
        await RestartAsync(fresh: true);
        Assert.Equal(before with { Offset = before.Offset + 2 }, await SayAsync(1));
    }

    [Fact]
    public async Task A_replica_may_come_and_go_and_the_epoch_stays()
    {
        var before = await SayAsync(1);
        await ReplicateAsync();
        Assert.Equal(before with { Offset = 2 }, await SayAsync(1));
        await _second.SendAsync("REPLICAOF", "NO", "ONE");
        Assert.Equal(before with { Offset = 3 }, await SayAsync(1));
    }

    [Fact]
    public async Task A_former_epoch_that_comes_back_is_not_shown_again()
    {
        using var listener = await Listener.OnAsync(_node, "a");
        await SayAsync(40);
        await ReplicateAsync();
        var last = await SayAsync(1);
        await MoveToAsync(_second, fresh: false, async () => await _second.SendAsync("REPLICAOF", "NO", "ONE"));
        await listener.HasHeardAsync(await SayAsync(20));
        await _first.KillAsync();
        await _first.StartAgainAsync();
        await MoveToAsync(_first, fresh: false);
        var after = await SayAsync(5);
        Assert.Equal(last with { Offset = 46 }, after);
        await listener.HasHeardAsync(after);
        Assert.Equal(66, listener.Heard.Count);
        Assert.Equal(66, listener.Heard.Select(static message => message.Position).Distinct().Count());
        Assert.Equal(last, listener.Gap);
    }

    // Nothing in it tells that it is old; who has seen more knows.
    [Fact]
    public async Task An_old_copy_of_the_data_is_put_back_while_a_node_lives()
    {
        await SayAsync(20);
        await _first.KillAsync();
        using var copy = _first.Copy();
        await _first.StartAgainAsync();
        await SayAsync(20);
        await _first.KillAsync();
        copy.PutBack();
        await _first.StartAgainAsync();
        await SayAsync(40);
    }

    [Fact]
    public async Task A_single_log_that_went_back_ends_its_epoch()
    {
        using var listener = await Listener.OnAsync(_node, "a");
        await listener.HasHeardAsync(await SayAsync(20));
        await _first.SendAsync("HSET", "tidings:log:a", "o", "10");
        await _first.SendAsync("XTRIM", "tidings:stream:a", "MAXLEN", "0");
        var other = await NewNodeAsync();
        _front.CutAll();
        await Eventually.TrueAsync(() => listener.Gap is not null, "the loss is told");
        _node = other;
        var after = await SayAsync(1);
        await listener.HasHeardAsync(after);
    }

    [Theory]
    [InlineData("allkeys-lru")]
    [InlineData("volatile-lru")]
    public async Task A_key_is_not_forgotten_before_the_log_is(string policy)
    {
        var first = await _node.SayAsync("a", "paid", key: "once");
        var others = new RedisWorld(_first.Address, static options => options.Prefix = "others:");
        _worlds.Add(others);
        var filler = await others.NodeAsync();
        await _first.SendAsync("CONFIG", "SET", "maxmemory-policy", policy);
        await _first.SendAsync("CONFIG", "SET", "maxmemory", "8mb");
        var again = first;
        for (var i = 0; i < 400 && again == first; i++)
        {
            await filler.SayAsync($"f{i}", new string('x', 40_000));
            again = await _node.SayAsync("a", "paid", key: "once");
        }

        Assert.True(again == first || again.Epoch != first.Epoch, $"{first}, and then {again}");
    }

    private async Task<BrokerNode> NewNodeAsync()
    {
        var world = new RedisWorld($"127.0.0.1:{_front.Port}");
        _worlds.Add(world);
        return await world.NodeAsync();
    }

    private async Task ReplicateAsync()
    {
        await _second.SendAsync("REPLICAOF", "127.0.0.1", $"{_replication.Port}");
        await Eventually.TrueAsync(async () => (await _second.AskAsync("INFO", "replication")).Contains("master_link_status:up", StringComparison.Ordinal), static () => "the replica follows");
        await Eventually.TrueAsync(async () => (await _second.AskAsync("INFO", "persistence")).Contains("aof_rewrite_in_progress:0", StringComparison.Ordinal), static () => "the replica has written its file");
    }

    // From here on it hears nothing.
    private async Task LagAsync()
    {
        _replication.Target = 0;
        _replication.CutAll();
        await Eventually.TrueAsync(async () => (await _second.AskAsync("INFO", "replication")).Contains("master_link_status:down", StringComparison.Ordinal), static () => "the replica is cut off");
    }

    private async Task RestartAsync(bool fresh)
    {
        await _first.KillAsync();
        await _first.StartAgainAsync();
        await MoveToAsync(_first, fresh);
    }

    private async Task MoveToAsync(RedisServer server, bool fresh, Func<Task>? prepare = null)
    {
        if (fresh)
        {
            foreach (var world in _worlds)
            {
                await world.DisposeAsync();
            }

            _worlds.Clear();
        }

        await (prepare?.Invoke() ?? Task.CompletedTask);
        _front.Target = server.Port;
        _front.CutAll();
        if (fresh)
        {
            _node = await NewNodeAsync();
        }
    }

    // So much data that a rewrite takes a while.
    private async Task FillAsync()
    {
        for (var i = 0; i < 100; i++)
        {
            await _first.SendAsync("SET", $"filler{i}", "x");
        }
    }

    private async Task<bool> IsRewritingAsync() => (await _first.AskAsync("INFO", "persistence")).Contains("aof_rewrite_in_progress:1", StringComparison.Ordinal);

    private async Task<StreamPosition?> TryDurableAsync()
    {
        try
        {
            return await _node.SayAsync("a", "durable", durable: true);
        }
        catch (Exception error) when (error is NotDurableException or BrokerUnavailableException)
        {
            return null;
        }
    }

    private async Task<StreamPosition> SayAsync(int times)
    {
        var last = default(StreamPosition);
        for (var i = 0; i < times; i++)
        {
            var text = $"{_number++}";
            await Eventually.TrueAsync(
                async () =>
                {
                    try
                    {
                        last = await _node.SayAsync("a", text);
                        return true;
                    }
                    catch (BrokerUnavailableException)
                    {
                        return false;
                    }
                },
                static () => "publishing works");
            Assert.True(_said.TryAdd(last, text), $"{last} was given to {_said.GetValueOrDefault(last)} and to {text}");
        }

        return last;
    }
}
