using TestKit;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Cluster;

/// <summary>Clients by name speak to one another over nodes, and a name is had once.</summary>
public sealed class ClientNameTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    private static readonly (string, string?) Refuse = ("Tidings:Clients:Duplicates", "refuse");
    private static readonly (string, string?) Join = ("Tidings:Clients:Duplicates", "join");

    [Fact]
    public async Task Personal_messages_and_broadcasts_reach_other_nodes_and_who_leaves_is_announced_once()
    {
        await using var one = await StartAsync("a:");
        await using var two = await StartAsync("a:");
        var ann = await one.ConnectAsync("/ws/clients/ann?ping=frame");
        var bob = await two.ConnectAsync("/ws/clients/bob?ping=frame");
        await ann.SendTextAsync("""{"type":"personal","to":"bob","message":{"a":1}}""");
        await bob.ExpectTextAsync("""{"from":"ann","message":{"a":1}}""");
        await ann.SendTextAsync("""{"type":"personal","to":"eve","message":1}""");
        await ann.ExpectTextAsync("""{"error":"Client not found"}""");
        for (var i = 0; i < 20; i++)
        {
            await bob.SendTextAsync($$"""{"type":"broadcast","message":{{i}}}""");
        }

        for (var i = 0; i < 20; i++)
        {
            await ann.ExpectTextAsync($$"""{"from":"bob","message":{{i}}}""");
            await bob.ExpectTextAsync($$"""{"from":"bob","message":{{i}}}""");
        }

        Assert.Equal(1, await one.Tidings.Clients.SendAsync("bob", "x"));
        Assert.Equal(2, await one.Tidings.Clients.BroadcastAsync("y"));
        Assert.Equal(1, await one.Tidings.Clients.BroadcastAsync("z", except: "bob"));
        Assert.Equal("""{"delivered":1}""", await one.DoAsync("/api/send", """{"client":"bob","data":"w"}"""));
        foreach (var text in new[] { "\"x\"", "\"y\"", "\"w\"" })
        {
            await bob.ExpectTextAsync(text);
        }

        await ann.ExpectTextAsync("\"y\"");
        await ann.ExpectTextAsync("\"z\"");
        Assert.Equal(1, await one.Tidings.Clients.DisconnectAsync("bob"));
        await bob.ExpectCloseAsync(4010);
        await ann.ExpectTextAsync("""{"type":"system","message":"bob left"}""");
        await ann.SendTextAsync("""{"type":"personal","to":"bob","message":1}""");
        await ann.ExpectTextAsync("""{"error":"Client not found"}""");
    }

    [Fact]
    public async Task A_name_is_replaced_over_nodes_and_nobody_is_told_that_it_left()
    {
        await using var one = await StartAsync("b:");
        await using var two = await StartAsync("b:");
        var watch = await one.ConnectAsync("/ws/clients/watch?ping=frame");
        var first = await one.ConnectAsync("/ws/clients/bob?ping=frame");
        var second = await two.ConnectAsync("/ws/clients/bob?ping=frame");
        await first.ExpectCloseAsync(4009, "Replaced");
        var third = await one.ConnectAsync("/ws/clients/bob?ping=frame");
        await second.ExpectCloseAsync(4009, "Replaced");
        await watch.SendTextAsync("""{"type":"personal","to":"bob","message":1}""");
        await third.ExpectTextAsync("""{"from":"watch","message":1}""");
        await third.SendCloseAsync();
        await watch.ExpectTextAsync("""{"type":"system","message":"bob left"}""");
    }

    [Fact]
    public async Task However_many_come_at_once_one_has_the_name_in_the_end()
    {
        await using var one = await StartAsync("c:");
        await using var two = await StartAsync("c:");
        var watch = await one.ConnectAsync("/ws/clients/watch?ping=frame");
        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? one : two).ConnectAsync("/ws/clients/bob?ping=frame")));
        await Eventually.TrueAsync(() => Task.FromResult(one.Tidings.Clients.Count + two.Tidings.Clients.Count == 2), static () => "one has the name");
        await watch.SendTextAsync("""{"type":"personal","to":"bob","message":1}""");
        var ends = await Task.WhenAll(all.Select(static socket => socket.ReceiveAsync()));
        Assert.Single(ends, static frame => frame.Opcode == RawFrame.TextOpcode);
        Assert.Equal(19, ends.Count(static frame => frame.Opcode == RawFrame.CloseOpcode && RawWebSocket.CodeOf(frame) == 4009));
    }

    [Fact]
    public async Task A_name_that_is_kept_is_refused_on_every_node_until_it_is_given_back()
    {
        await using var one = await StartAsync("d:", Refuse);
        await using var two = await StartAsync("d:", Refuse);
        var all = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => (i % 2 == 0 ? one : two).ConnectAsync("/ws/clients/bob?ping=frame")));
        await Eventually.TrueAsync(() => Task.FromResult(one.Tidings.Clients.Count + two.Tidings.Clients.Count == 1), static () => "one has the name");
        Assert.Equal(1, await one.Tidings.Clients.SendAsync("bob", 1));
        var ends = await Task.WhenAll(all.Select(static socket => socket.ReceiveAsync()));
        Assert.Equal(9, ends.Count(static frame => frame.Opcode == RawFrame.CloseOpcode && RawWebSocket.CodeOf(frame) == 1008));
        var holder = all[Array.FindIndex(ends, static frame => frame.Opcode == RawFrame.TextOpcode)];
        await holder.SendCloseAsync();
        await Eventually.TrueAsync(() => Task.FromResult(one.Tidings.Clients.Count + two.Tidings.Clients.Count == 0), static () => "it has gone");
        await Eventually.TrueAsync(async () => await redis.Server.SendAsync("EXISTS", "d:client:bob") is ":0", static () => "the name is given back");
        var again = await two.ConnectAsync("/ws/clients/bob?ping=frame");
        Assert.Equal(1, await one.Tidings.Clients.SendAsync("bob", 2));
        await again.ExpectTextAsync("2");
    }

    [Fact]
    public async Task Those_who_join_are_all_reached_and_the_last_one_leaves()
    {
        await using var one = await StartAsync("e:", Join);
        await using var two = await StartAsync("e:", Join);
        var watch = await one.ConnectAsync("/ws/clients/watch?ping=frame");
        var bob1 = await one.ConnectAsync("/ws/clients/bob?ping=frame");
        var bob2 = await two.ConnectAsync("/ws/clients/bob?ping=frame");
        Assert.Equal(2, await one.Tidings.Clients.SendAsync("bob", 1));
        await bob1.ExpectTextAsync("1");
        await bob1.SendCloseAsync();
        await Eventually.EqualAsync(1, () => one.Tidings.Clients.Count, "who is on the first node");
        Assert.Equal(1, await one.Tidings.Clients.SendAsync("bob", 2));
        await bob2.ExpectTextAsync("1");
        await bob2.ExpectTextAsync("2");
        await bob2.SendCloseAsync();
        await watch.ExpectTextAsync("""{"type":"system","message":"bob left"}""");
    }

    [Fact]
    public async Task A_name_taken_elsewhere_while_a_node_was_cut_off_is_given_up_on_return()
    {
        await using var own = await RedisServer.StartAsync();
        await using var link = new FaultProxy(own.Port);
        await using var one = await ClusterNode.StartAsync($"127.0.0.1:{link.Port}");
        await using var two = await ClusterNode.StartAsync(own.Address);
        var bob1 = await one.ConnectAsync("/ws/clients/bob?ping=frame");
        var ann = await one.ConnectAsync("/ws/clients/ann?ping=frame");
        await link.StopListeningAsync();
        link.CutAll();
        await Eventually.TrueAsync(async () => !await one.IsReadyAsync(), static () => "it is cut off");
        await ann.SendTextAsync("""{"type":"personal","to":"eve","message":1}""");
        await ann.ExpectTextAsync("""{"error":"Service unavailable"}""");
        await ann.SendTextAsync("""{"type":"personal","to":"bob","message":1}""");
        await bob1.ExpectTextAsync("""{"from":"ann","message":1}""");
        var bob2 = await two.ConnectAsync("/ws/clients/bob?ping=frame");
        link.Listen();
        await bob1.ExpectCloseAsync(4009, "Replaced");
        await Eventually.TrueAsync(one.IsReadyAsync, static () => "it is back");
        await ann.SendTextAsync("""{"type":"personal","to":"bob","message":2}""");
        await bob2.ExpectTextAsync("""{"from":"ann","message":2}""");
    }

    [Theory]
    [InlineData("replace")]
    [InlineData("refuse")]
    [InlineData("join")]
    public async Task A_users_name_is_the_users_on_every_node(string policy)
    {
        await using var one = await StartAsync($"g{policy}:", ("Tidings:Clients:Duplicates", policy));
        await using var two = await StartAsync($"g{policy}:", ("Tidings:Clients:Duplicates", policy));
        var early = await one.ConnectAsync("/ws/clients/google:123?ping=frame");
        var owner = await two.ConnectAsync("/ws/clients/google:123?ping=frame&token=" + ClusterNode.TokenOf("google:123"));
        await early.ExpectCloseAsync(4009, "Replaced");
        foreach (var node in new[] { one, two })
        {
            var nobody = await node.ConnectAsync("/ws/clients/google:123?ping=frame");
            await nobody.ExpectCloseAsync(1008, "Name taken");
            var shorter = await node.ConnectAsync("/ws/clients/google:123?ping=frame&token=" + ClusterNode.TokenOf("google"));
            await shorter.ExpectCloseAsync(1008, "Name taken");
        }

        var other = await one.ConnectAsync("/ws/clients/other?ping=frame");
        await other.SendTextAsync("""{"type":"personal","to":"google:123","message":"secret"}""");
        await owner.ExpectTextAsync("""{"from":"other","message":"secret"}""");
        await owner.SendCloseAsync();
        await other.ExpectTextAsync("""{"type":"system","message":"google:123 left"}""");
        var anybody = await one.ConnectAsync("/ws/clients/google:123?ping=frame");
        Assert.Equal(1, await two.Tidings.Clients.SendAsync("google:123", 1));
        await anybody.ExpectTextAsync("1");
    }

    [Fact]
    public async Task However_many_come_at_once_the_user_has_the_name_in_the_end()
    {
        await using var one = await StartAsync("h:");
        await using var two = await StartAsync("h:");
        var token = ClusterNode.TokenOf("bob");
        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? one : two).ConnectAsync("/ws/clients/bob?ping=frame" + (i == 10 ? "&token=" + token : ""))));
        await Eventually.TrueAsync(() => Task.FromResult(one.Tidings.Clients.Count + two.Tidings.Clients.Count == 1), static () => "one has the name");
        Assert.Equal(1, await two.Tidings.Clients.SendAsync("bob", 1));
        await all[10].ExpectTextAsync("1");
    }

    [Fact]
    public async Task A_user_gets_its_name_back_from_those_who_took_it_while_its_node_was_cut_off()
    {
        await using var own = await RedisServer.StartAsync();
        await using var link = new FaultProxy(own.Port);
        await using var one = await ClusterNode.StartAsync($"127.0.0.1:{link.Port}");
        await using var two = await ClusterNode.StartAsync(own.Address);
        var bob = await one.ConnectAsync("/ws/clients/bob?ping=frame&token=" + ClusterNode.TokenOf("bob"));
        await link.StopListeningAsync();
        link.CutAll();
        await Eventually.TrueAsync(async () => !await one.IsReadyAsync(), static () => "it is cut off");
        await Eventually.TrueAsync(
            async () =>
            {
                var mallory = await two.ConnectAsync("/ws/clients/bob?ping=frame");
                return two.Tidings.Clients.IsConnected("bob");
            },
            static () => "the cut node's names are anybody's");
        link.Listen();
        await Eventually.TrueAsync(one.IsReadyAsync, static () => "it is back");
        await Eventually.TrueAsync(() => Task.FromResult(!two.Tidings.Clients.IsConnected("bob")), static () => "the user has the name again");
        Assert.Equal(1, await two.Tidings.Clients.SendAsync("bob", 1));
        await bob.ExpectTextAsync("1");
    }

    [Fact]
    public async Task A_name_that_could_not_be_given_back_is_when_Redis_is_there_again()
    {
        await using var own = await RedisServer.StartAsync();
        await using var link = new FaultProxy(own.Port);
        await using var one = await ClusterNode.StartAsync($"127.0.0.1:{link.Port}");
        await using var two = await ClusterNode.StartAsync(own.Address);
        var bob = await one.ConnectAsync("/ws/clients/bob?ping=frame&token=" + ClusterNode.TokenOf("bob"));
        await link.StopListeningAsync();
        link.CutAll();
        await Eventually.TrueAsync(async () => !await one.IsReadyAsync(), static () => "it is cut off");
        await bob.SendCloseAsync();
        await Eventually.TrueAsync(() => Task.FromResult(!one.Tidings.Clients.IsConnected("bob")), static () => "it has gone");
        link.Listen();
        await Eventually.TrueAsync(one.IsReadyAsync, static () => "it is back");
        await Eventually.TrueAsync(async () => await own.SendAsync("EXISTS", "tidings:client:bob") is ":0", static () => "the name is given back");
        var anybody = await two.ConnectAsync("/ws/clients/bob?ping=frame");
        Assert.Equal(1, await one.Tidings.Clients.SendAsync("bob", 1));
        await anybody.ExpectTextAsync("1");
    }

    [Fact]
    public async Task What_no_node_says_of_clients_is_dropped_and_counted()
    {
        await using var one = await StartAsync("f:");
        using var metrics = new MetricProbe(one.Meters);
        string[] bad = ["", "left", "left a 0", "left a 0\n", "left a x\nbob", "gone a 0\nbob", "left a 0\nbob\n", "left a 0\nbo b", "left a 0\n" + new string('b', 2000)];
        foreach (var text in bad)
        {
            Assert.Equal(":1", await redis.Server.SendAsync("PUBLISH", "f:clients", text));
        }

        await Eventually.EqualAsync(bad.Length, () => metrics.Sum("tidings.redis.dropped/clients"), "what was dropped");
    }

    private Task<ClusterNode> StartAsync(string prefix, params (string, string?)[] settings) =>
        ClusterNode.StartAsync(redis.Server.Address, time: null, [("Tidings:RedisPrefix", prefix), .. settings]);
}
