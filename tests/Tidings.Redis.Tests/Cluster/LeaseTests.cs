using TestKit;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Cluster;

/// <summary>A lease that has ended stays ended: its node begins another one, and puts in anew what the others have taken out.</summary>
public sealed class LeaseTests
{
    [Fact]
    public async Task A_node_that_stood_still_on_a_living_connection_begins_a_new_lease()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var one = await ClusterNode.StartAsync(redis.Address);
        var first = await OnlyLeaseAsync(redis);
        await using var two = await ClusterNode.StartAsync(redis.Address);
        var (bob, _) = await one.ConnectAsAsync("bob");
        await bob.SendTextAsync("""{"type":"subscribe","channel":"here:a","presence":true}""");
        var (ann, _) = await two.ConnectAsAsync("ann");
        await ann.SendTextAsync("""{"type":"subscribe","channel":"here:a"}""");
        await Eventually.TrueAsync(async () => (await two.Tidings.PresenceAsync("here:a")).Count == 2, static () => "both are there");

        // As if the node had not been scheduled for longer than its lease: the others go on, and it does not know yet.
        Assert.Equal(":1", await redis.SendAsync("ZADD", "tidings:leases", "XX", "CH", "1", first));
        await Eventually.TrueAsync(async () => (await LeasesAsync(redis)).Count == 2 && !(await LeasesAsync(redis)).Contains(first), static () => "a new lease has begun", TimeSpan.FromSeconds(15));
        await Eventually.TrueAsync(async () => (await two.Tidings.PresenceAsync("here:a")).Count == 2, static () => "both are there again");
        Assert.DoesNotContain(first, await redis.SendAsync("HKEYS", "tidings:presence:here:a"), StringComparison.Ordinal);
        Assert.Contains(one.Log, static line => line.Contains("renewed its lease in Redis too late", StringComparison.Ordinal));
        Assert.DoesNotContain(two.Log, static line => line.Contains("renewed its lease in Redis too late", StringComparison.Ordinal));
    }

    private static async Task<string> OnlyLeaseAsync(RedisServer redis) => Assert.Single(await LeasesAsync(redis));

    private static async Task<List<string>> LeasesAsync(RedisServer redis) =>
        [.. (await redis.SendAsync("ZRANGE", "tidings:leases", "0", "-1")).Split("\r\n").Where(static line => line.Length == 16)];
}
