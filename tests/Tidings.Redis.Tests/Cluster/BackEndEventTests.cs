using TestKit;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Cluster;

/// <summary>A back end is told of all nodes together, and through the faults of each.</summary>
public sealed class BackEndEventTests
{
    [Fact]
    public async Task A_channel_is_occupied_and_a_member_there_as_long_as_by_any_node()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var receiver = await EventBackEnd.StartAsync();
        await using var one = await StartAsync(redis.Address, receiver);
        await using var two = await StartAsync(redis.Address, receiver);
        var (first, _) = await SubscribeAsync(one, "bob");
        var (second, _) = await SubscribeAsync(two, "bob");
        await Eventually.EqualAsync(4, () => receiver.Taken.Count, "events");
        await first.DisposeAsync();
        await Eventually.EqualAsync(5, () => receiver.Taken.Count, "events");
        await Task.Delay(TimeSpan.FromSeconds(3.5), TestContext.Current.CancellationToken);
        Assert.Equal(["connection.opened bob", "channel.occupied here:a", "member.joined here:a bob", "connection.opened bob", "connection.closed bob"], receiver.Lines);
        await second.DisposeAsync();
        await Eventually.EqualAsync(8, () => receiver.Taken.Count, "events");
        var ledger = new EventLedger(receiver.Taken);
        Assert.Empty(ledger.Faults);
        Assert.Empty(ledger.Connections.Concat(ledger.Channels).Concat(ledger.Members));
        await Eventually.TrueAsync(async () => await redis.SendAsync("HLEN", "tidings:events:counts") == ":0", static () => "nothing is held");
    }

    [Fact]
    public async Task What_a_node_held_whose_lease_has_ended_is_told_as_ended_and_told_anew_if_it_was_only_cut_off()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var receiver = await EventBackEnd.StartAsync();
        await using var one = await StartAsync(redis.Address, receiver);
        var lease = (await redis.SendAsync("ZRANGE", "tidings:leases", "0", "-1")).Split("\r\n").Single(static line => line.Length == 16);
        var (bob, id) = await SubscribeAsync(one, "bob");
        await Eventually.EqualAsync(3, () => new EventLedger(receiver.Taken).Count, "events");

        // As if it had not been scheduled for longer than its lease: the other one takes out what it held.
        await using var two = await StartAsync(redis.Address, receiver);
        Assert.Equal(":1", await redis.SendAsync("ZADD", "tidings:leases", "XX", "CH", "1", lease));
        await Eventually.TrueAsync(() => one.Log.Any(static line => line.Contains("renewed its lease in Redis too late", StringComparison.Ordinal)), "a new lease");
        await Eventually.TrueAsync(() => new EventLedger(receiver.Taken, exact: false) is var now && now.Connections.Contains(id) && now.Members.Contains("here:a bob") && now.Channels.Contains("here:a"), "bob is there");
        await bob.DisposeAsync();
        await Eventually.TrueAsync(() => new EventLedger(receiver.Taken, exact: false) is var now && !now.Connections.Concat(now.Channels).Concat(now.Members).Any(), "nobody is there");
        Assert.Empty(new EventLedger(receiver.Taken, exact: false).Faults);
    }

    [Fact]
    public async Task What_happens_while_redis_cannot_be_reached_is_told_when_it_can()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var proxy = new FaultProxy(redis.Port);
        await using var receiver = await EventBackEnd.StartAsync();
        await using var one = await StartAsync($"127.0.0.1:{proxy.Port}", receiver);
        var (bob, _) = await SubscribeAsync(one, "bob");
        await Eventually.EqualAsync(3, () => new EventLedger(receiver.Taken).Count, "events");
        proxy.CutAll();
        await bob.DisposeAsync();
        await Eventually.TrueAsync(() => one.IsReadyAsync(), static () => "Redis is back");
        var (eve, id) = await one.ConnectAsAsync("eve");
        await Eventually.TrueAsync(() => new EventLedger(receiver.Taken) is var now && now.Connections.SequenceEqual([id]), "eve alone is there");
        Assert.Empty(new EventLedger(receiver.Taken).Faults);
        await eve.DisposeAsync();
    }

    [Fact]
    public async Task Links_that_are_cut_again_and_again_while_users_come_and_go_have_nothing_told_twice()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var proxy = new FaultProxy(redis.Port);
        await using var receiver = await EventBackEnd.StartAsync();
        await using var one = await StartAsync($"127.0.0.1:{proxy.Port}", receiver);
        var (stays, id) = await SubscribeAsync(one, "stays");
        for (var i = 0; i < 8; i++)
        {
            RawWebSocket? visitor = null;
            await Eventually.TrueAsync(async () => (visitor = await TrySubscribeAsync(one, $"visitor{i}")) is not null, static () => "Redis is back");
            await Eventually.TrueAsync(() => new EventLedger(receiver.Taken).Members.Contains($"here:a visitor{i}"), "the visitor is told");
            proxy.CutAll();
            await visitor!.DisposeAsync();
        }

        await Eventually.TrueAsync(() => new EventLedger(receiver.Taken).Connections.SequenceEqual([id]), "one stays");
        await stays.DisposeAsync();
        await Eventually.TrueAsync(() => new EventLedger(receiver.Taken) is var now && !now.Connections.Concat(now.Channels).Concat(now.Members).Any(), "nobody is there");
        Assert.Empty(new EventLedger(receiver.Taken).Faults);
        await Eventually.TrueAsync(async () => await redis.SendAsync("HLEN", "tidings:events:counts") == ":0", static () => "nothing is held");
    }

    [Fact]
    public async Task A_redis_that_was_wiped_is_told_anew_what_nodes_hold()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var receiver = await EventBackEnd.StartAsync();
        await using var one = await StartAsync(redis.Address, receiver);
        var (first, bob) = await SubscribeAsync(one, "bob");
        await Eventually.EqualAsync(3, () => new EventLedger(receiver.Taken).Count, "events");
        await redis.SendAsync("FLUSHALL");
        var (second, eve) = await SubscribeAsync(one, "eve");
        var both = new[] { bob, eve }.Order(StringComparer.Ordinal).ToList();
        await Eventually.TrueAsync(
            () => Task.FromResult(new EventLedger(receiver.Taken) is var now && now.Connections.SequenceEqual(both) && now.Members.SequenceEqual(["here:a bob", "here:a eve"])),
            () => string.Join("; ", receiver.Lines) + string.Join('\n', one.Log),
            TimeSpan.FromSeconds(20));
        await first.DisposeAsync();
        await second.DisposeAsync();
    }

    [Fact]
    public async Task Messages_of_all_nodes_are_told_once_and_what_is_no_event_is_dropped()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var receiver = await EventBackEnd.StartAsync();
        await using var one = await StartAsync(redis.Address, receiver, ("Tidings:Events:0:Channels:0", "here:*"), ("Tidings:Events:0:Types:0", "message.published"));
        await using var two = await StartAsync(redis.Address, receiver, ("Tidings:Events:0:Channels:0", "here:*"), ("Tidings:Events:0:Types:0", "message.published"));
        var queue = Tidings.Events.EventIds.Hash($"{receiver.Url}\n1");
        await redis.SendAsync("XADD", $"tidings:events:queue:{queue}", "*", "e", "nonsense");
        for (var i = 1; i <= 10; i++)
        {
            await (i % 2 == 0 ? one : two).DoAsync("/api/publish", $$"""{"channel":"here:a","data":{{i}},"idempotencyKey":"k{{i}}"}""");
            await (i % 2 == 0 ? two : one).DoAsync("/api/publish", $$"""{"channel":"here:a","data":{{i}},"idempotencyKey":"k{{i}}"}""");
        }

        await Eventually.TrueAsync(() => receiver.Taken.Select(static one => one.GetProperty("id").GetString()).Distinct().Count() == 11, "the messages, and what was dropped");
        var data = receiver.Taken.Select(static one => one.GetProperty("data")).ToLookup(static one => one.TryGetProperty("count", out _));
        Assert.Equal(1, data[true].First().GetProperty("count").GetInt32());
        Assert.Equal(Enumerable.Range(1, 10), data[false].Select(static one => one.GetProperty("offset").GetInt32()).Distinct());
        await Eventually.TrueAsync(async () => await redis.SendAsync("XLEN", $"tidings:events:queue:{queue}") == ":0", static () => "nothing waits");
    }

    [Fact]
    public async Task What_several_nodes_publish_at_once_is_told_in_the_order_of_its_offsets_and_after_its_user_has_joined()
    {
        const int Users = 20;
        const int Messages = 10;
        await using var redis = await RedisServer.StartAsync();
        await using var receiver = await EventBackEnd.StartAsync();
        (string, string?)[] settings = [("Tidings:Events:0:Channels:0", "here:*"), ("Tidings:Channels:0:Publish", "anyone")];
        await using var one = await StartAsync(redis.Address, receiver, settings);
        await using var two = await StartAsync(redis.Address, receiver, settings);
        await Task.WhenAll(Enumerable.Range(0, Users).Select(SayAsync));
        await Eventually.EqualAsync(Users * Messages, () => new EventLedger(receiver.Taken).Messages, "messages");
        var ledger = new EventLedger(receiver.Taken);
        Assert.Empty(ledger.Faults);
        Assert.Equal(0, ledger.MissingMessages);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (type, user) in receiver.Taken.Where(static one => one.TryGetProperty("user", out _)).Select(static one => (one.GetProperty("type").GetString(), one.GetProperty("user").GetString()!)))
        {
            Assert.True(type != "message.published" || seen.Contains(user), $"{user} said something before they joined");
            _ = type == "member.joined" && seen.Add(user);
        }

        async Task SayAsync(int i)
        {
            var (socket, _) = await SubscribeAsync(i % 2 == 0 ? one : two, $"user{i}");
            for (var n = 0; n < Messages; n++)
            {
                await socket.SendTextAsync($$"""{"type":"publish","id":{{n}},"channel":"here:a","data":{{n}}}""");
                while (!(await socket.ReceiveTextAsync()).Contains("\"published\"", StringComparison.Ordinal))
                {
                }
            }

            await socket.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_is_said_in_passing_and_what_is_taken_out_of_the_state_is_told_too()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var receiver = await EventBackEnd.StartAsync();
        await using var one = await StartAsync(
            redis.Address, receiver, ("Tidings:Events:0:Channels:0", "here:*"), ("Tidings:Events:0:Types:0", "message.published"), ("Tidings:Channels:0:State", "true"));
        await one.DoAsync("/api/publish", """{"channel":"here:a","data":"first","key":"k","event":"said"}""");
        await one.DoAsync("/api/publish", """{"channel":"here:a","data":{"n":2},"ephemeral":true}""");
        await one.DoAsync("/api/publish", """{"channel":"here:a","key":"k","remove":true}""");
        await Eventually.EqualAsync(3, () => receiver.Taken.Count, "events");
        var told = receiver.Taken.Select(static one => one.GetProperty("data")).ToList();
        Assert.Equal(("said", "k", "first", 1), (told[0].GetProperty("event").GetString(), told[0].GetProperty("key").GetString(), told[0].GetProperty("data").GetString(), told[0].GetProperty("offset").GetInt32()));
        Assert.Equal("{\"data\":{\"n\":2}}", told[1].GetRawText());
        Assert.True(told[2].GetProperty("remove").GetBoolean());
        Assert.Equal(2, told[2].GetProperty("offset").GetInt32());
        Assert.Equal(3, receiver.Taken.Select(static one => one.GetProperty("id").GetString()).Distinct().Count());
    }

    [Fact]
    public async Task A_queue_that_cannot_be_written_stops_no_message_and_what_was_said_is_told_when_it_can()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var receiver = await EventBackEnd.StartAsync();
        await using var one = await StartAsync(redis.Address, receiver, ("Tidings:Events:0:Channels:0", "here:*"), ("Tidings:Events:0:Types:0", "message.published"));
        var queue = $"tidings:events:queue:{Tidings.Events.EventIds.Hash($"{receiver.Url}\n1")}";
        await redis.SendAsync("SET", queue, "nonsense");
        await one.DoAsync("/api/publish", """{"channel":"here:a","data":1}""");
        await one.DoAsync("/api/publish", """{"channel":"here:a","data":2,"ephemeral":true}""");
        await redis.SendAsync("DEL", queue);
        await Eventually.EqualAsync("1 2", () => string.Join(' ', receiver.Taken.Select(static one => one.GetProperty("data").GetProperty("data").GetInt32())), "what was told");
    }

    [Fact]
    public async Task After_a_410_a_node_that_starts_with_the_receiver_has_it_told_again_by_whatever_node()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var receiver = await EventBackEnd.StartAsync();
        receiver.Answer = static (_, _) => Task.FromResult<int?>(410);
        await using var one = await StartAsync(redis.Address, receiver);
        var (bob, _) = await one.ConnectAsAsync("bob");
        await Eventually.TrueAsync(() => one.Log.Any(static line => line.Contains("answered 410", StringComparison.Ordinal)), "it unsubscribes");
        receiver.Answer = static (_, _) => Task.FromResult<int?>(204);
        await using (var two = await StartAsync(redis.Address, receiver))
        {
            var (eve, id) = await two.ConnectAsAsync("eve");
            await Eventually.TrueAsync(() => new EventLedger(receiver.Taken, exact: false).Knows(id), "eve is told of");
            await eve.DisposeAsync();
        }

        var (ann, last) = await one.ConnectAsAsync("ann");
        await Eventually.TrueAsync(() => new EventLedger(receiver.Taken, exact: false).Knows(last), "the first node goes on");
        await ann.DisposeAsync();
        await bob.DisposeAsync();
    }

    [Fact]
    public async Task Erased_messages_are_told_to_nobody_and_nothing_of_them_is_left_in_the_queues()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var receiver = await EventBackEnd.StartAsync();
        var away = true;
        receiver.Answer = (_, _) => Task.FromResult<int?>(away ? 503 : 204);
        await using var one = await StartAsync(redis.Address, receiver, ("Tidings:Events:0:Channels:0", "here:*"), ("Tidings:Events:0:Types:0", "message.published"));
        await one.DoAsync("/api/publish", """{"channel":"here:a","data":"canary"}""");
        await one.DoAsync("/api/publish", """{"channel":"here:b","data":"canary"}""");
        await one.DoAsync("/api/publish", """{"channel":"here:b","data":"stays"}""");
        await Eventually.TrueAsync(() => !receiver.Requests.IsEmpty, "it was asked");
        var first = System.Text.Json.JsonElement.Parse(await one.DoAsync("/api/publish", """{"channel":"here:b","data":"canary"}"""));
        await one.Services.Node.ServerActions.EraseAsync("here:a", null, default);
        var epoch = first.GetProperty("epoch").GetString()!;
        Assert.Equal(1, await one.Services.Node.ServerActions.EraseAsync("here:b", new Tidings.Protocol.StreamPosition(epoch, 1), default));
        Assert.Equal(1, await one.Services.Node.ServerActions.EraseAsync("here:b", new Tidings.Protocol.StreamPosition(epoch, 3), default));
        var queue = Tidings.Events.EventIds.Hash($"{receiver.Url}\n1");
        Assert.Equal(":1", await redis.SendAsync("XLEN", $"tidings:events:queue:{queue}"));
        Assert.DoesNotContain("canary", await redis.SendAsync("DUMP", $"tidings:events:queue:{queue}"), StringComparison.Ordinal);
        away = false;
        await Eventually.EqualAsync(1, () => receiver.Taken.Count, "events", TimeSpan.FromSeconds(40));
        Assert.Equal("stays", receiver.Taken.First().GetProperty("data").GetProperty("data").GetString());
    }

    [Fact]
    public async Task Large_messages_are_read_a_few_at_a_time_and_the_deepest_that_is_accepted_is_told()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var receiver = await EventBackEnd.StartAsync();
        var away = true;
        receiver.Answer = (_, _) => Task.FromResult<int?>(away ? 503 : 204);
        await using var one = await StartAsync(redis.Address, receiver, ("Tidings:Events:0:Channels:0", "here:*"), ("Tidings:Events:0:Types:0", "message.published"));
        for (var i = 1; i <= 60; i++)
        {
            await one.DoAsync("/api/publish", $$"""{"channel":"here:a","data":"{{new string('x', 60_000)}}"}""");
        }

        await one.DoAsync("/api/publish", $$"""{"channel":"here:a","data":{{new string('[', 62)}}{{new string(']', 62)}}}""");
        away = false;
        await Eventually.EqualAsync(61, () => new EventLedger(receiver.Taken).Messages, "messages", TimeSpan.FromSeconds(60));
        Assert.Empty(new EventLedger(receiver.Taken).Faults);
    }

    private static Task<ClusterNode> StartAsync(string redis, EventBackEnd receiver, params (string Key, string? Value)[] settings) =>
        ClusterNode.StartAsync(redis, time: null, [("Tidings:Events:0:Url", receiver.Url), ("Tidings:Events:0:Secret", EventBackEnd.Secret), .. settings]);

    private static async Task<RawWebSocket?> TrySubscribeAsync(ClusterNode node, string user)
    {
        try
        {
            return (await SubscribeAsync(node, user)).Socket;
        }
        catch (ExpectationException)
        {
            return null;
        }
    }

    private static async Task<(RawWebSocket Socket, string Id)> SubscribeAsync(ClusterNode node, string user)
    {
        var (socket, id) = await node.ConnectAsAsync(user);
        await socket.SendTextAsync("""{"type":"subscribe","channel":"here:a"}""");
        Assert.Contains("subscribed", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
        return (socket, id);
    }
}
