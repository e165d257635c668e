using System.Text.Json;
using TestKit;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Cluster;

/// <summary>B58: somebody who may write in Redis makes tickets, revocations, clients' names and nodes' requests. With a cluster key none of it counts.</summary>
public sealed class B58_ForgedMessages
{
    private const string Key = "a cluster key of thirty-two chars";
    private const string NextKey = "the next cluster key, of the like";

    private static readonly (string, string?) First = ("Tidings:ClusterKey:0", Key);
    private static readonly (string, string?) Rolling = ("Tidings:ClusterKeyRequired", "false");

    [Fact]
    public async Task What_nobody_has_sealed_is_dropped_and_counted()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var node = await ClusterNode.StartAsync(redis.Address, settings: First);
        using var metrics = new MetricProbe(node.Meters);
        var bob = await node.ConnectAsync("/ws/clients/bob?ping=frame");
        var (ann, _) = await node.ConnectAsAsync("ann");
        await ForgeAsync(redis);
        var socket = await node.ConnectAsync("/connect?ticket=" + Forged);
        await socket.ExpectCloseAsync(4001, "Invalid token");
        await Eventually.EqualAsync(1, () => metrics.Sum("tidings.redis.dropped/tickets"), "tickets dropped");
        await Eventually.EqualAsync(1, () => metrics.Sum("tidings.redis.dropped/revocations"), "revocations dropped");
        await Eventually.EqualAsync(1, () => metrics.Sum("tidings.redis.dropped/clients"), "names dropped");
        await Eventually.EqualAsync(2, () => metrics.Sum("tidings.redis.dropped/nodes"), "requests dropped");
        Assert.True(node.Services.Node.Registry.Revocations.IsEmpty);
        Assert.Equal("""{"delivered":1}""", await node.DoAsync("/api/send", """{"client":"bob","data":1}"""));
        await bob.ExpectTextAsync("1");
        Assert.Equal("""{"delivered":1}""", await node.DoAsync("/api/send", """{"user":"ann","data":2}"""));
        await ann.ExpectTextAsync("""{"type":"direct","data":2}""");
    }

    [Fact]
    public async Task Without_a_key_all_is_as_it_was()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var node = await ClusterNode.StartAsync(redis.Address);
        var bob = await node.ConnectAsync("/ws/clients/bob?ping=frame");
        var (ann, _) = await node.ConnectAsAsync("ann");
        await ForgeAsync(redis);
        await bob.ExpectCloseInTheEndAsync(4009);
        await ann.ExpectTextAsync("""{"type":"direct","data":"forged"}""");
        await ann.ExpectCloseInTheEndAsync(4010);
        var socket = await node.ConnectAsync("/connect?ticket=" + Forged);
        Assert.Contains("\"user\":\"root\"", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Key, Key)]
    [InlineData(Key, NextKey)]
    [InlineData(NextKey, Key)]
    public async Task Nodes_with_one_key_in_common_share_everything(string first, string second)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var one = await ClusterNode.StartAsync(redis.Address, settings: [("Tidings:ClusterKey:0", first), ("Tidings:ClusterKey:1", second)]);
        await using var two = await ClusterNode.StartAsync(redis.Address, settings: [("Tidings:ClusterKey:0", second), ("Tidings:ClusterKey:1", first)]);
        await ExpectSharingAsync(one, two);
        await ExpectSharingAsync(two, one);
        var token = ClusterNode.TokenOf("ann");
        await one.DoAsync("/api/disconnect", """{"user":"ann","revoke":true}""");
        await using var three = await ClusterNode.StartAsync(redis.Address, settings: ("Tidings:ClusterKey:0", first));
        var socket = await three.ConnectAsync("/connect?token=" + token);
        await socket.ExpectCloseAsync(4001, "Invalid token");
    }

    // One after the other, each node gets its first key; then each is told that it is required.
    [Fact]
    public async Task During_a_roll_nodes_with_and_without_a_key_understand_each_other()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var without = await ClusterNode.StartAsync(redis.Address);
        await using var with = await ClusterNode.StartAsync(redis.Address, settings: [First, Rolling]);
        await ExpectSharingAsync(without, with);
        await ExpectSharingAsync(with, without);
        await using var required = await ClusterNode.StartAsync(redis.Address, settings: First);
        await ExpectSharingAsync(with, required);
        await ExpectSharingAsync(required, with);
    }

    [Fact]
    public async Task A_seal_holds_where_it_stands_and_for_what_it_says()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var node = await ClusterNode.StartAsync(redis.Address, settings: First);
        var (status, body) = await node.PostAsync("/api/tickets", "{}", ClusterNode.TokenOf("bob"));
        Assert.Equal(200, status);
        var stands = "tidings:ticket:" + HashOf(JsonElement.Parse(body).GetProperty("ticket").GetString()!);
        var written = await redis.AskAsync("GET", stands);
        Assert.StartsWith("s1:", written, StringComparison.Ordinal);

        // Under another ticket that the forger knows; for somebody else; under a key of the forger's own.
        await ExpectRefusedAsync(written);
        await ExpectRefusedAsync(written.Replace("\"bob\"", "\"eve\"", StringComparison.Ordinal), stands);
        await ExpectRefusedAsync(string.Concat(written.AsSpan(0, 3), new string('A', 43), written.AsSpan(46)), stands);

        async Task ExpectRefusedAsync(string value, string? key = null)
        {
            var ticket = key is null ? Forged : JsonElement.Parse(body).GetProperty("ticket").GetString()!;
            await redis.SendAsync("SET", key ?? "tidings:ticket:" + HashOf(Forged), value);
            var socket = await node.ConnectAsync("/connect?ticket=" + ticket);
            await socket.ExpectCloseAsync(4001, "Invalid token");
        }
    }

    [Fact]
    public async Task Messages_of_channels_are_not_sealed()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var node = await ClusterNode.StartAsync(redis.Address, settings: First);
        var (ann, _) = await node.ConnectAsAsync("ann");
        await ann.SendTextAsync("""{"type":"subscribe","channel":"chat:a"}""");
        await ann.ReceiveTextAsync();
        await redis.SendAsync("PUBLISH", "tidings:channel:chat:a", "1 - 0 5\n{}\n\"from a script\"");
        Assert.Contains("from a script", await ann.ReceiveTextAsync(), StringComparison.Ordinal);
    }

    private static int s_users;

    private static string Forged { get; } = new('F', 43);

    private static async Task ForgeAsync(RedisServer redis)
    {
        await redis.SendAsync("SET", "tidings:ticket:" + HashOf(Forged), """{"user":"root","expires":9007199254740991,"issued":9007199254740991}""", "PX", "60000");
        await redis.SendAsync("PUBLISH", "tidings:nodes", "{\"node\":\"forger\",\"do\":\"Send\",\"to\":\"User\",\"name\":\"ann\"}\n\"forged\"");
        await redis.SendAsync("PUBLISH", "tidings:nodes", "{\"node\":\"forger\",\"do\":\"Disconnect\",\"to\":\"User\",\"name\":\"ann\",\"code\":4010,\"reason\":\"x\"}\n");
        await redis.SendAsync("PUBLISH", "tidings:clients", "replaced forger 9007199254740991\nbob");
        await redis.SendAsync("PUBLISH", "tidings:revocations", """["user:carl",9007199254740991]""");
    }

    private static string HashOf(string ticket) => Convert.ToHexStringLower(Tidings.Security.Identities.BearerSecret.Hash(ticket));

    private static async Task ExpectSharingAsync(ClusterNode from, ClusterNode to)
    {
        var user = $"user{Interlocked.Increment(ref s_users)}";
        var token = ClusterNode.TokenOf(user);
        var (socket, _) = await to.ConnectAsAsync(user);
        await from.DoAsync("/api/send", $$"""{"user":"{{user}}","data":1}""");
        await socket.ExpectTextAsync("""{"type":"direct","data":1}""");
        var (status, body) = await from.PostAsync("/api/tickets", "{}", ClusterNode.TokenOf(user));
        Assert.Equal(200, status);
        var byTicket = await to.ConnectAsync("/connect?ping=frame&ticket=" + JsonElement.Parse(body).GetProperty("ticket").GetString());
        Assert.Contains(user, await byTicket.ReceiveTextAsync(), StringComparison.Ordinal);

        var name = $"n{from.Port}-{to.Port}";
        var first = await to.ConnectAsync($"/ws/clients/{name}?ping=frame");
        await first.SendTextAsync($$"""{"type":"personal","to":"{{name}}","message":1}""");
        await first.ReceiveTextAsync();
        var second = await from.ConnectAsync($"/ws/clients/{name}?ping=frame");
        await first.ExpectCloseInTheEndAsync(4009);
        GC.KeepAlive(second);

        await from.DoAsync("/api/disconnect", $$"""{"user":"{{user}}","revoke":true}""");
        await socket.ExpectCloseInTheEndAsync(4010);
        var again = await to.ConnectAsync("/connect?token=" + token);
        await again.ExpectCloseAsync(4001, "Invalid token");
    }
}
