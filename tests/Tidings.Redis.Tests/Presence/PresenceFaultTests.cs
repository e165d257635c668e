using System.Diagnostics;
using TestKit;
using Tidings.Presence;
using Tidings.Redis.Tests.World;
using Tidings.Specification;
using Tidings.Testing;

namespace Tidings.Redis.Tests.Presence;

/// <summary>Presence while nodes and Redis come and go (G7).</summary>
public sealed class PresenceFaultTests : IAsyncLifetime
{
    private const string Channel = "here:a";

    private readonly ManualTime _time = new();
    private RedisServer _redis = null!;
    private FaultProxy _link = null!;
    private RedisWorld _world = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        _link = new FaultProxy(_redis.Port);
        _world = new RedisWorld(_redis.Address);
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        await _link.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task Within_fifteen_seconds_of_a_nodes_end_its_members_have_left_and_on_its_return_they_are_there_again()
    {
        var one = await NodeAsync();
        var lost = await NodeAsync($"127.0.0.1:{_link.Port}");
        var watch = await one.WatchAsync(Channel);
        await lost.Presence.JoinAsync(Channel, "bob", "b1", "{\"x\":1}"u8.ToArray());
        await lost.Presence.JoinAsync(Channel, "ann", "a1", default);
        await one.Presence.JoinAsync(Channel, "ann", "a2", default);
        await watch.ExpectAsync("""+{"user":"bob","connections":1,"info":{"x":1}}""");
        await watch.ExpectAsync("""+{"user":"ann","connections":1}""");
        var time = Stopwatch.StartNew();
        await _link.StopListeningAsync();
        _link.CutAll();
        await watch.ExpectAsync("""-{"user":"bob","connections":0,"info":{"x":1}}""", TimeSpan.FromSeconds(15));
        Assert.True(time.Elapsed > TimeSpan.FromSeconds(5), $"It took only {time.Elapsed}.");
        TestContext.Current.SendDiagnosticMessage($"A node's members left {time.Elapsed.TotalSeconds:0.0} s after its end.");
        var list = await one.Presence.ReadAsync(Channel, 10);
        Assert.Equal(("ann", 1, 1), (list.Members.Single().User, list.Members.Single().Connections, list.Count));
        await Assert.ThrowsAsync<Brokers.BrokerUnavailableException>(async () => await lost.Presence.ReadAsync(Channel, 10));
        await lost.Presence.JoinAsync(Channel, "eve", "e1", default);
        _link.Listen();
        var back = new HashSet<string> { await watch.NextAsync(), await watch.NextAsync() };
        Assert.Equal(["""+{"user":"bob","connections":1,"info":{"x":1}}""", """+{"user":"eve","connections":1}"""], back.Order());
        await Eventually.TrueAsync(async () => (await one.Presence.ReadAsync(Channel, 10)).Members.Sum(static member => member.Connections) == 4, static () => "all are there");
        await watch.ExpectNothingAsync(one);
    }

    [Fact]
    public async Task What_the_connection_of_a_node_that_ended_said_gives_way_to_what_was_said_before_it()
    {
        var one = await NodeAsync();
        var lost = await NodeAsync($"127.0.0.1:{_link.Port}");
        var watch = await one.WatchAsync(Channel);
        var terms = PresenceTerms.Default with { Tracked = true };
        await one.Presence.JoinAsync(new Attendance(Channel, "ann", "a1", terms), "1"u8.ToArray());
        await watch.ExpectAsync("""+{"user":"ann","connections":1,"info":1}""");
        await lost.Presence.JoinAsync(new Attendance(Channel, "ann", "a2", terms), "2"u8.ToArray());
        await watch.ExpectAsync("""={"user":"ann","connections":2,"info":2}""");
        await lost.Presence.JoinAsync(new Attendance(Channel, "bob", "b1", terms, "\"Bob\""u8.ToArray()), "3"u8.ToArray());
        await watch.ExpectAsync("""+{"user":"bob","connections":1,"info":3,"user_info":"Bob"}""");
        await _link.StopListeningAsync();
        _link.CutAll();
        var told = new[] { await watch.NextAsync(TimeSpan.FromSeconds(15)), await watch.NextAsync() };
        Assert.Equal(["""={"user":"ann","connections":1,"info":1}""", """-{"user":"bob","connections":0,"info":3,"user_info":"Bob"}"""], told.OrderDescending(StringComparer.Ordinal));

        // Said while its node was away: it comes with the node, and is the newest again.
        Assert.True(await lost.Presence.TrackAsync(new Attendance(Channel, "ann", "a2", terms), "4"u8.ToArray()));
        _link.Listen();
        told = [await watch.NextAsync(TimeSpan.FromSeconds(15)), await watch.NextAsync()];
        Assert.Equal(["""={"user":"ann","connections":2,"info":4}""", """+{"user":"bob","connections":1,"info":3,"user_info":"Bob"}"""], told.OrderDescending(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_short_cut_shows_nobody_leaving_but_those_who_left()
    {
        var one = await NodeAsync();
        var cut = await NodeAsync($"127.0.0.1:{_link.Port}");
        var watch = await one.WatchAsync(Channel);
        await cut.Presence.JoinAsync(Channel, "bob", "b1", default);
        await cut.Presence.JoinAsync(Channel, "ann", "a1", default);
        await watch.ExpectAsync("""+{"user":"bob","connections":1}""");
        await watch.ExpectAsync("""+{"user":"ann","connections":1}""");
        await _link.StopListeningAsync();
        _link.CutAll();
        await Eventually.TrueAsync(() => !cut.Backplane.IsAvailable, "it is cut off");
        await cut.Presence.LeaveAsync(Channel, "ann", "a1");
        _time.Advance(TimeSpan.FromSeconds(5));
        _link.Listen();
        await watch.ExpectAsync("""-{"user":"ann","connections":0}""");
        await watch.ExpectNothingAsync(one);
        Assert.Contains((await one.Presence.ReadAsync(Channel, 10)).Members, static member => member is { User: "bob", Connections: 1 });
    }

    [Fact]
    public async Task After_a_Redis_that_has_lost_everything_all_are_there_again_and_who_left_meanwhile_has_left()
    {
        var one = await NodeAsync();
        var two = await NodeAsync();
        var watch = await one.WatchAsync(Channel);
        await one.Presence.JoinAsync(Channel, "ann", "a1", default);
        await two.Presence.JoinAsync(Channel, "bob", "b1", default);
        await two.Presence.JoinAsync(Channel, "eve", "e1", default);
        _redis.Kill();
        await Eventually.TrueAsync(() => !one.Backplane.IsAvailable && !two.Backplane.IsAvailable, "both know");
        await two.Presence.LeaveAsync(Channel, "eve", "e1");
        _time.Advance(TimeSpan.FromSeconds(5));
        await _redis.StartAgainAsync();
        await Eventually.TrueAsync(() => one.Backplane.IsAvailable && two.Backplane.IsAvailable, "both are back");
        await Eventually.TrueAsync(async () => (await one.Presence.ReadAsync(Channel, 10)).Count == 2, static () => "both are there");
        await Eventually.TrueAsync(() => watch.Told.Contains("""-{"user":"eve","connections":0}"""), "those who watched are told who left");
        Assert.DoesNotContain(watch.Told, static told => told.StartsWith('-') && !told.Contains("eve", StringComparison.Ordinal));
        foreach (var key in (await _redis.SendAsync("KEYS", "*")).Split("\r\n").Where(static line => line.StartsWith("tidings:", StringComparison.Ordinal)))
        {
            Assert.NotEqual(":-1", await _redis.SendAsync("PTTL", key));
        }
    }

    [Theory]
    [InlineData("presence")]
    [InlineData("members")]
    public async Task A_key_that_was_evicted_is_put_in_again(string what)
    {
        var one = await NodeAsync();
        var two = await NodeAsync();
        await one.Presence.JoinAsync(Channel, "ann", "a1", default);
        await two.Presence.JoinAsync(Channel, "bob", "b1", default);
        var key = (await _redis.SendAsync("KEYS", $"tidings:{what}:*")).Split("\r\n")[^1];
        Assert.Equal(":1", await _redis.SendAsync("DEL", key));
        await Eventually.TrueAsync(
            async () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return (await one.Presence.ReadAsync(Channel, 10)).Members.Sum(static member => member.Connections) == 2;
            },
            static () => "both are there");
    }

    [Fact]
    public async Task Those_who_watch_on_a_node_that_was_cut_off_are_told_what_they_missed()
    {
        var one = await NodeAsync();
        var cut = await NodeAsync($"127.0.0.1:{_link.Port}");
        await one.Presence.JoinAsync(Channel, "bob", "b1", default);
        var watch = await cut.WatchAsync(Channel);
        await one.Presence.JoinAsync(Channel, "ann", "a1", default);
        await watch.ExpectAsync("""+{"user":"ann","connections":1}""");
        await _link.StopListeningAsync();
        _link.CutAll();
        await Eventually.TrueAsync(() => !cut.Backplane.IsAvailable, "it is cut off");
        await one.Presence.LeaveAsync(Channel, "bob", "b1");
        _time.Advance(TimeSpan.FromSeconds(5));
        await one.Presence.JoinAsync(Channel, "eve", "e1", default);
        _link.Listen();
        var missed = new[] { await watch.NextAsync(), await watch.NextAsync() };
        Assert.Equal(["""+{"user":"eve","connections":1}""", """-{"user":"bob","connections":0}"""], missed.Order(StringComparer.Ordinal));
        await watch.ExpectNothingAsync(one);
    }

    [Fact]
    public async Task Those_of_a_node_that_stops_leave_after_the_grace_period()
    {
        var one = await NodeAsync();
        var stopping = await NodeAsync();
        var watch = await one.WatchAsync(Channel);
        await stopping.Presence.JoinAsync(Channel, "bob", "b1", default);
        await watch.ExpectAsync("""+{"user":"bob","connections":1}""");
        await stopping.Backplane.DisposeAsync();
        await watch.ExpectAsync("""-{"user":"bob","connections":0}""", TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task What_others_have_written_is_left_out()
    {
        var one = await NodeAsync();
        await one.Presence.JoinAsync(Channel, "ann", "a1", default);
        var lease = (await _redis.SendAsync("ZRANGE", "tidings:leases", "0", "-1")).Split("\r\n")[^1];
        await _redis.SendAsync("HSET", "tidings:members:here:a", "bob", "{", "\n", "\"a\nb\"");
        await _redis.SendAsync("HSET", "tidings:presence:here:a", lease + "bob", "1", lease + "\n", "many");
        await _redis.SendAsync("ZADD", "tidings:leases", "1", "no lease", "2", "*", "3", "0123456789abcdef");
        await _redis.SendAsync("SADD", "tidings:lease:0123456789abcdef:presence", "no channel", "here:a");
        await _redis.SendAsync("SADD", "tidings:lease:0123456789abcdef:clients", "no name \n", "bob");
        Assert.Equal(["ann"], (await one.Presence.ReadAsync(Channel, 10)).Members.Select(static member => member.User));
        await Eventually.TrueAsync(async () => await _redis.SendAsync("EXISTS", "tidings:lease:0123456789abcdef:presence") is ":0", static () => "a lease that has ended is taken out");
        Assert.True(one.Backplane.IsAvailable);
    }

    private async Task<FaultNode> NodeAsync(string? through = null)
    {
        var node = await _world.NodeAsync(through, graceTime: _time);
        return new FaultNode(node, node.Backplane);
    }

    private sealed record FaultNode(EngineNode Node, Engine.IBackplane Backplane)
    {
        public IPresenceStore Presence => Node.Presence;

        public Task<PresenceWatch> WatchAsync(string channel) => Node.WatchAsync(channel);

        public static implicit operator EngineNode(FaultNode node) => node.Node;
    }
}
