using TestKit;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Redis.Tests.World;
using Tidings.Specification;

namespace Tidings.Redis.Tests.Faults;

/// <summary>With <c>Tidings:RedisReplicas</c> what is durable is on replicas before it is accepted, and logs outlive a failover under new epochs.</summary>
public sealed partial class F06_Replicas : IAsyncLifetime
{
    private static readonly Retention Keyed = new(100, TimeSpan.FromHours(1)) { State = new StateBounds(10, 10_000) };

    private readonly List<RedisWorld> _worlds = [];
    private RedisServer _master = null!;
    private RedisServer _replica = null!;
    private FaultProxy _replication = null!;
    private FaultProxy _front = null!;
    private BrokerNode _node = null!;

    public async ValueTask InitializeAsync()
    {
        _master = await RedisServer.StartAsync(RedisPersistence.Always, "--repl-diskless-sync-delay", "0");
        _replica = await RedisServer.StartAsync(RedisPersistence.Always, "--repl-diskless-sync-delay", "0");
        _replication = new FaultProxy(_master.Port);
        _front = new FaultProxy(_master.Port);
        await FollowAsync();
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
        await _replica.DisposeAsync();
        await _master.DisposeAsync();
    }

    [Fact]
    public async Task A_log_goes_on_over_a_failover_with_all_that_is_durable()
    {
        using var listener = await Listener.OnAsync(_node, "a");
        var once = await _node.SayAsync("a", "once", key: "once", durable: true);
        var last = await SayDurableAsync("a", 20);
        await listener.HasHeardAsync(last);
        await FailOverAsync();

        var history = await WhenBackAsync(() => _node.ReadAsync("a", last: 100));
        Assert.NotEqual(last.Epoch, history.Top.Epoch);
        Assert.Equal(last.Offset, history.Top.Offset);
        Assert.Equal(["once", .. Enumerable.Range(0, 20).Select(static i => $"{i}")], history.Messages.Select(TextOf));

        await Eventually.EqualAsync(history.Top, () => listener.Gap, "the gap");

        // The key is known, in the new epoch.
        Assert.Equal(history.Top with { Offset = once.Offset }, await _node.SayAsync("a", "once", key: "once"));
        var after = await _node.SayAsync("a", "after");
        Assert.Equal(history.Top with { Offset = last.Offset + 1 }, after);
        await listener.HasHeardAsync(after);
        Assert.Equal(listener.Heard.Count, listener.Heard.Select(TextOf).Distinct().Count());
        Assert.False((await _node.ReadAsync("a", since: last)).Recovered);
    }

    // Nobody has written under the epoch in between, and somebody has read it.
    [Fact]
    public async Task Of_two_failovers_the_second_shows_nothing_again()
    {
        using var listener = await Listener.OnAsync(_node, "a");
        var last = await SayDurableAsync("a", 20);
        await listener.HasHeardAsync(last);
        await FailOverAsync();
        await Eventually.TrueAsync(() => listener.Gap is not null, "the first is told");
        var between = listener.Gap!.Value;
        await FailBackAsync();
        await Eventually.TrueAsync(() => listener.Gap != between, "the second is told");
        var after = await SayAsync("a", "after");
        await listener.HasHeardAsync(after);
        Assert.Equal(21, after.Offset);
        Assert.Equal(3, new[] { last.Epoch, between.Epoch, after.Epoch }.Distinct().Count());
        Assert.Equal(21, listener.Heard.Count);
    }

    [Fact]
    public async Task What_the_replica_did_not_have_is_gone_and_the_loss_is_told()
    {
        using var listener = await Listener.OnAsync(_node, "a");
        var last = await SayDurableAsync("a", 20);
        await LagAsync();
        await listener.HasHeardAsync(await _node.SayAsync("a", "lost"));
        await FailOverAsync();
        var after = await SayAsync("a", "after");
        await listener.HasHeardAsync(after);
        Assert.Equal(last.Offset + 1, after.Offset);
        Assert.NotEqual(last.Epoch, after.Epoch);
        Assert.Equal(22, listener.Heard.Count);
        Assert.Equal("after", TextOf(listener.Heard[^1]));
    }

    [Fact]
    public async Task Without_a_replica_nothing_durable_is_written()
    {
        var last = await SayDurableAsync("a", 1);
        await LagAsync();
        var error = await Assert.ThrowsAsync<NotDurableException>(() => _node.SayAsync("a", "refused", durable: true));
        Assert.Contains("Redis has 0 replicas, and 1 must have", error.Message, StringComparison.Ordinal);
        Assert.Equal(last, (await _node.ReadAsync("a")).Top);
        Assert.Equal(last.Offset + 1, (await _node.SayAsync("a", "said")).Offset);
    }

    [Fact]
    public async Task A_replica_that_stands_still_has_a_second()
    {
        await SayDurableAsync("a", 1);
        _replica.Stop();
        var error = await Assert.ThrowsAsync<NotDurableException>(() => _node.SayAsync("a", "late", key: "late", durable: true));
        Assert.Contains("0 of Redis' replicas have the message", error.Message, StringComparison.Ordinal);
        var others = Enumerable.Range(0, 50).Select(i => Assert.ThrowsAsync<NotDurableException>(() => _node.SayAsync("a", $"{i}", durable: true)));
        await Task.WhenAll(others);
        Assert.Equal(52, (await _node.ReadAsync("a")).Top.Offset);
        _replica.Continue();

        // It stands in the log already; the repeat waits, too.
        StreamPosition? again = null;
        await Eventually.TrueAsync(async () => (again = await TryDurableAsync("late", "late")) is not null, static () => "the replica has it");
        Assert.Equal(2, again!.Value.Offset);
        Assert.Equal(52, (await _node.ReadAsync("a")).Top.Offset);
    }

    [Fact]
    public async Task What_is_erased_does_not_come_back()
    {
        var last = await SayDurableAsync("a", 3);
        await SayDurableAsync("b", 3);
        Assert.Equal(1, await _node.Broker.EraseAsync("a", last));
        Assert.Equal(3, await _node.Broker.EraseAsync("b", null));
        await FailOverAsync();
        var history = await WhenBackAsync(() => _node.ReadAsync("a", last: 10));
        Assert.Equal([MessageKind.Message, MessageKind.Message, MessageKind.Removed], history.Messages.Select(static message => message.Kind));
        Assert.Equal(0, (await _node.ReadAsync("b")).Top.Offset);
        await LagAsync();
        await Assert.ThrowsAsync<BrokerUnavailableException>(async () => await _node.Broker.EraseAsync("a", history.Messages[0].Position));
        Assert.Equal(MessageKind.Removed, (await _node.ReadAsync("a", last: 10)).Messages[0].Kind);
    }

    // What was shown of a log that was carried over must not be the place of something else.
    [Fact]
    public async Task A_log_that_is_erased_after_it_was_carried_over_has_another_epoch()
    {
        await SayDurableAsync("a", 3);
        await FailOverAsync();
        var carried = (await WhenBackAsync(() => _node.ReadAsync("a", last: 10))).Top;
        await FollowAsync();
        Assert.Equal(3, await _node.Broker.EraseAsync("a", null));
        var next = (await _node.ReadAsync("a")).Top;
        Assert.NotEqual(carried.Epoch, next.Epoch);
        Assert.Equal(next with { Offset = 1 }, await _node.SayAsync("a", "next"));
    }

    [Fact]
    public async Task A_position_of_before_the_failover_erases_its_message()
    {
        var last = await SayDurableAsync("a", 3);
        await FailOverAsync();
        await WhenBackAsync(() => _node.ReadAsync("a"));
        await FollowAsync();
        Assert.Equal(1, await _node.Broker.EraseAsync("a", last with { Offset = 2 }));
        Assert.Equal([MessageKind.Message, MessageKind.Removed, MessageKind.Message], (await _node.ReadAsync("a", last: 10)).Messages.Select(static message => message.Kind));

        // What came after it was never there.
        var after = await SayAsync("a", "after");
        Assert.Equal(0, await _node.Broker.EraseAsync("a", last with { Offset = after.Offset }));
        Assert.Equal(1, await _node.Broker.EraseAsync("a", last with { Offset = 1 }));
    }

    // Its former epoch is that of the log here, as far as it went over.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_old_master_comes_back_alone_and_nothing_is_shown_again(bool late)
    {
        var early = await Listener.OnAsync(_node, "a");
        var last = await SayDurableAsync("a", 3);
        await early.HasHeardAsync(last);
        if (late)
        {
            early.Dispose();
            await _node.Backplane.DisposeAsync();
        }

        await FailOverAsync(restart: false);
        if (late)
        {
            _node = await NewNodeAsync();
        }

        var listener = late ? await Listener.OnAsync(_node, "a") : early;
        await listener.HasHeardAsync(await SayAsync("a", "here"));
        var heard = listener.Heard.Count;
        await _master.KillAsync();
        (_master, _replica) = (_replica, _master);
        await _master.StartAgainAsync();
        _front.Target = _master.Port;
        _front.CutAll();
        var back = await SayAsync("a", "back");
        await listener.HasHeardAsync(back);
        Assert.Equal(4, back.Offset);
        Assert.Equal(heard + 1, listener.Heard.Count);
        Assert.Equal("back", TextOf(listener.Heard[^1]));
        listener.Dispose();
    }

    // Only a publish writes a log's generation anew.
    [Fact]
    public async Task A_log_that_nobody_writes_goes_over_however_often()
    {
        await SayDurableAsync("quiet", 3);
        using var listener = await Listener.OnAsync(_node, "quiet");
        var epochs = new HashSet<string>();
        for (var i = 0; i < 20; i++)
        {
            // What proves that the data are the server's own.
            await _master.SendAsync("DEL", "tidings:lineage");
            await _master.SendAsync("HSET", "tidings:generation", "replid", "another");
            await Eventually.TrueAsync(async () => epochs.Add((await WhenBackAsync(() => _node.ReadAsync("quiet"))).Top.Epoch), static () => "another generation has begun");
        }

        Assert.Equal(3, (await WhenBackAsync(() => _node.ReadAsync("quiet", last: 10))).Messages.Count);
        Assert.Empty(listener.Heard);
    }

    // A client that may write in Redis can spoil a log, and no more.
    [Theory]
    [InlineData("junk")]
    [InlineData("a:99999999999999999999999999")]
    [InlineData(":: a:1:2 b:")]
    public async Task Former_epochs_that_are_none_are_dropped(string formers)
    {
        await SayDurableAsync("a", 3);
        await _master.SendAsync("HSET", "tidings:log:a", "f", formers);
        using var listener = await Listener.OnAsync(_node, "a");
        Assert.Equal(3, (await _node.ReadAsync("a", last: 10)).Messages.Count);
        await listener.HasHeardAsync(await _node.SayAsync("a", "after"));
        Assert.Equal(4, (await (await NewNodeAsync()).ReadAsync("a", last: 10)).Messages.Count);
    }

    [Fact]
    public async Task A_state_goes_on_too()
    {
        await PutAsync("x", "1");
        await PutAsync("y", "2");
        await PutAsync("x", "3");
        await FailOverAsync();
        var before = await WhenBackAsync(StateAsync);
        Assert.Equal(["x=3", "y=2"], before);
        await FollowAsync();
        await PutAsync("y", "4");
        Assert.Equal(["x=3", "y=4"], await StateAsync());
    }

    [Fact]
    public async Task A_node_that_waits_for_no_replica_does_not_start_beside_one_that_does()
    {
        var other = new RedisWorld($"127.0.0.1:{_front.Port}");
        _worlds.Add(other);
        var error = await Assert.ThrowsAnyAsync<InvalidOperationException>(() => other.NodeAsync());
        Assert.Contains("Tidings:RedisReplicas", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Whatever_happens_no_position_has_two_messages_and_what_is_durable_stays(int seed)
    {
        var random = new Random(seed);
        var said = new Dictionary<StreamPosition, string>();
        var durable = new List<string>();
        using var listener = await Listener.OnAsync(_node, "a");
        for (var i = 0; i < 120; i++)
        {
            switch (random.Next(20))
            {
                case 0:
                    await LagAsync();
                    break;
                case 1:
                    await (random.Next(2) == 0 ? FailOverAsync() : FailBackAsync());
                    await FollowAsync();
                    break;
                case < 10:
                    if (await TryDurableAsync($"{i}", $"{i}") is { } position)
                    {
                        durable.Add($"{i}");
                        Assert.True(said.TryAdd(position, $"{i}"), $"seed {seed}: {position} twice");
                    }

                    break;
                default:
                    var at = await SayAsync("a", $"{i}");
                    Assert.True(said.TryAdd(at, $"{i}"), $"seed {seed}: {at} twice");
                    break;
            }
        }

        await SayAsync("a", "end");
        var history = (await _node.ReadAsync("a", last: 1000)).Messages;
        Assert.Equal(durable, history.Select(TextOf).Where(durable.Contains));
        foreach (var message in history.Where(message => said.TryGetValue(message.Position, out var text)))
        {
            Assert.Equal(said[message.Position], TextOf(message));
        }

        await listener.HasHeardAsync(history[^1].Position);
        Assert.Equal(listener.Heard.Count, listener.Heard.Select(static message => message.Position).Distinct().Count());
        Assert.Equal(listener.Heard.Count, listener.Heard.Select(TextOf).Distinct().Count());
    }
}
