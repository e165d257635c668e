using System.Text.Json;
using TestKit;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Faults;

/// <summary>A Redis that takes no writes is none that is away: reading, subscribing and connecting go on, publishing says why it cannot, and all is well again by itself.</summary>
public sealed class F22_RefusedWrites
{
    [Theory]
    [InlineData("memory")]
    [InlineData("replicas")]
    [InlineData("disk")]
    public async Task Reading_goes_on(string lacking)
    {
        await using var redis = await RedisServer.StartAsync(lacking == "disk" ? RedisPersistence.None : RedisPersistence.Always);
        await using var one = await ClusterNode.StartAsync(redis.Address, time: null, ("Tidings:Limits:ConnectionsPerUser", "10"), ("Tidings:Channels:1:Pattern", "chat:*"), ("Tidings:Channels:1:Publish", "users"));
        await using var two = await ClusterNode.StartAsync(redis.Address, time: null, ("Tidings:Limits:ConnectionsPerUser", "10"), ("Tidings:Channels:1:Pattern", "chat:*"), ("Tidings:Channels:1:Publish", "users"));
        var (before, _) = await one.ConnectAsAsync("ann");
        await before.SendTextAsync("""{"type":"subscribe","channel":"here:a","presence":true}""");
        await before.ReceiveTextAsync();
        for (var i = 1; i <= 3; i++)
        {
            await one.DoAsync("/api/publish", $$"""{"channel":"here:a","data":{{i}}}""");
            Assert.Equal(i, JsonElement.Parse(await before.ReceiveTextAsync()).GetProperty("offset").GetInt32());
        }

        await RefuseAsync(redis, lacking);
        foreach (var node in (ClusterNode[])[one, two])
        {
            await Eventually.TrueAsync(async () => await node.Http.GetStringAsync("/readyz") == "Degraded", () => "the node knows that nothing can be written\n" + string.Join('\n', node.Log));
            var (status, body) = await node.PostAsync("/api/publish", """{"channel":"here:a","data":"x"}""");
            Assert.Equal(503, status);
            Assert.Contains("Nothing can be stored now", body, StringComparison.Ordinal);
        }

        // Longer than any lease: nobody is gone because nothing could be renewed.
        await Eventually.TrueAsync(async () => await redis.SendAsync("ZCOUNT", "tidings:leases", $"{TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()}", "+inf") == ":0", static () => "all leases have ended");
        Assert.Equal("ann", (await two.GetAsync("/api/presence?channel=here:a")).GetProperty("members")[0].GetProperty("user").GetString());
        Assert.Equal(3, (await two.GetAsync("/api/history?channel=here:a&last=10")).GetProperty("messages").GetArrayLength());
        var (during, _) = await two.ConnectAsAsync("bob");
        await during.SendTextAsync("""{"type":"subscribe","channel":"here:a","last":10}""");
        Assert.Contains("\"subscribed\"", await during.ReceiveTextAsync(), StringComparison.Ordinal);
        for (var i = 1; i <= 3; i++)
        {
            Assert.Equal(i, JsonElement.Parse(await during.ReceiveTextAsync()).GetProperty("offset").GetInt32());
        }

        await during.SendTextAsync("""{"type":"subscribe","channel":"chat:b","id":"1"}""");
        Assert.Contains("\"subscribed\"", await during.ReceiveTextAsync(), StringComparison.Ordinal);
        await during.SendTextAsync("""{"type":"publish","channel":"chat:b","data":1,"id":"2"}""");
        var refused = await during.ReceiveTextAsync();
        Assert.Contains("unavailable", refused, StringComparison.Ordinal);
        Assert.Contains("Nothing can be stored now", refused, StringComparison.Ordinal);

        await RelentAsync(redis, lacking);
        await Eventually.TrueAsync(async () => (await two.PostAsync("/api/publish", """{"channel":"here:a","data":"x"}""")).Status == 200, static () => "publishing works again");
        await HearsAsync(before, 4);
        await HearsAsync(during, 4);
        await Eventually.TrueAsync(async () => await one.Http.GetStringAsync("/readyz") == "Healthy" && await two.Http.GetStringAsync("/readyz") == "Healthy", static () => "the nodes know that it can be written");
        await Eventually.TrueAsync(async () => (await one.GetAsync("/api/presence?channel=here:a")).GetProperty("members").GetArrayLength() == 2, static () => "both are there");
        Assert.All(one.Log.Concat(two.Log), static line => Assert.Contains("refuses writes", line, StringComparison.Ordinal));
    }

    // Joins may come in between.
    private static async Task HearsAsync(RawWebSocket socket, int offset)
    {
        JsonElement heard;
        do
        {
            heard = JsonElement.Parse(await socket.ReceiveTextAsync());
            Assert.NotEqual("leave", heard.GetProperty("type").GetString());
        }
        while (heard.GetProperty("type").GetString() != "message");
        Assert.Equal(offset, heard.GetProperty("offset").GetInt32());
    }

    private static async Task RefuseAsync(RedisServer redis, string lacking)
    {
        switch (lacking)
        {
            case "memory":
                await redis.SendAsync("CONFIG", "SET", "maxmemory", "1");
                break;
            case "replicas":
                await redis.SendAsync("CONFIG", "SET", "min-replicas-to-write", "1");
                break;
            default:
                // A snapshot cannot take the place of a directory.
                Directory.CreateDirectory(Path.Combine((await redis.SendAsync("CONFIG", "GET", "dir")).Split("\r\n")[^1], "dump.rdb", "x"));
                await redis.SendAsync("CONFIG", "SET", "save", "3600 1");
                await redis.SendAsync("BGSAVE");
                await Eventually.TrueAsync(async () => (await redis.SendAsync("SET", "x", "y")).StartsWith("-MISCONF", StringComparison.Ordinal), static () => "Redis refuses");
                break;
        }
    }

    private static Task RelentAsync(RedisServer redis, string lacking) => lacking switch
    {
        "memory" => redis.SendAsync("CONFIG", "SET", "maxmemory", "0"),
        "replicas" => redis.SendAsync("CONFIG", "SET", "min-replicas-to-write", "0"),
        _ => redis.SendAsync("CONFIG", "SET", "stop-writes-on-bgsave-error", "no"),
    };
}
