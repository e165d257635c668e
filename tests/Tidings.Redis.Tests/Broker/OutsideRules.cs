using System.Diagnostics;
using System.Text;
using TestKit;
using Tidings.Messages;
using Tidings.Redis.Servers;
using Tidings.Redis.Tests.World;
using Tidings.Specification;

namespace Tidings.Redis.Tests.Broker;

/// <summary>Publishing over Redis alone, from what knows nothing of nodes.</summary>
public sealed class OutsideRules(SharedRedis redis) : IClassFixture<SharedRedis>
{
    // The example of docs/guides/redis.md.
    [Fact]
    public async Task A_worker_in_Python_publishes_by_the_script()
    {
        await using var world = new RedisWorld(redis.Server.Address, static options => options.Prefix = "python:");
        var node = await world.NodeAsync();
        using var listener = await Listener.OnAsync(node, "chat:grüße");
        var before = await node.SayAsync("chat:grüße", "before");
        var output = await RunAsync("redis_worker.py", "publish.lua", "chat:grüße", "3", $"redis://{redis.Server.Address}", "python:");
        Assert.Equal("2\n3\n4\n", output);
        await listener.HasHeardAsync(before with { Offset = 4 });
        Assert.Equal([1, 2, 3, 4], listener.Offsets);
        Assert.Equal("""{"progress": 3}""", Encoding.UTF8.GetString(listener.Heard[^1].Data.Bytes.Span));
        Assert.Equal("worker", listener.Heard[^1].From);
        Assert.Equal(4, (await node.ReadAsync("chat:grüße", last: 10)).Messages.Count);
        Assert.Equal(before with { Offset = 5 }, await node.SayAsync("chat:grüße", "after"));
    }

    [Fact]
    public async Task A_worker_asks_for_durability_and_is_told_where_it_cannot_be_had()
    {
        await using var server = await RedisServer.StartAsync(RedisPersistence.Always);
        await using var world = new RedisWorld(server.Address);
        await world.NodeAsync();
        const string Publish = """
            import redis_worker
            print(redis_worker.Publisher(open("publish.lua", encoding="utf-8").read(), "redis://ADDRESS", "PREFIX").publish("chat:a", 1, durable=True)[1])
            """;
        Assert.Equal("1\n", await RunAsync("-c", Publish.Replace("ADDRESS", server.Address, StringComparison.Ordinal).Replace("PREFIX", "tidings:", StringComparison.Ordinal)));

        await using var other = new RedisWorld(redis.Server.Address, static options => options.Prefix = "worker:");
        await other.NodeAsync();
        var refused = Publish.Replace("print", "try: print", StringComparison.Ordinal) + "\nexcept RuntimeError as error: print(error)";
        Assert.StartsWith("Redis does not write to disk", await RunAsync("-c", refused.Replace("ADDRESS", redis.Server.Address, StringComparison.Ordinal).Replace("PREFIX", "worker:", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_finds_the_server_of_a_channel_as_nodes_do()
    {
        string[] names = [.. Enumerable.Range(0, 200).Select(static i => $"chat:grüße{i}")];
        var output = await RunAsync("-c", "import redis_worker\nprint(' '.join(str(redis_worker.shard(f'chat:grüße{i}', count)) for count in (1, 2, 3, 16) for i in range(200)))");
        Assert.Equal(string.Join(' ', new[] { 1, 2, 3, 16 }.SelectMany(count => names.Select(name => RedisSpread.IndexOf(name, count)))), output.TrimEnd());
    }

    [Fact]
    public async Task A_plain_publish_is_heard_in_passing_where_that_is_switched_on()
    {
        await using var world = new RedisWorld(redis.Server.Address, static options =>
        {
            options.Bridge = true;
            options.Prefix = "bridged:";
        });
        var node = await world.NodeAsync();
        using var listener = await Listener.OnAsync(node, "room:lobby");
        using var ours = await Listener.OnAsync(node, "bridged:channel:room:lobby");
        byte[][] said = [Encoding.UTF8.GetBytes("hello, <world>"), Encoding.UTF8.GetBytes("""{"a":1}"""), Encoding.UTF8.GetBytes("two\nlines")];
        foreach (var one in said)
        {
            Assert.Equal(":1", await redis.Server.SendAsync("PUBLISH", "room:lobby", Encoding.UTF8.GetString(one)));
        }

        var last = await node.SayAsync("room:lobby", "ours");
        await listener.HasHeardAsync(last);

        // Two channels of Redis: each in its own order.
        await Eventually.EqualAsync(4, () => listener.Heard.Count, "the number of messages");
        var plain = listener.Heard.Where(static message => message.Offset == 0).ToList();
        Assert.Equal([DataKind.Text, DataKind.Json, DataKind.Text], plain.Select(static message => message.Data.Kind));
        Assert.Equal(said[1], plain[1].Data.Bytes.ToArray());
        Assert.Empty(ours.Heard);
        listener.Dispose();
        await Eventually.TrueAsync(async () => await redis.Server.SendAsync("PUBLISH", "room:lobby", "x") == ":0", static () => "nobody hears it any more");
    }

    [Fact]
    public async Task Without_the_switch_a_plain_publish_reaches_nobody()
    {
        await using var world = new RedisWorld(redis.Server.Address, static options => options.Prefix = "plain:");
        using var listener = await Listener.OnAsync(await world.NodeAsync(), "room:other");
        Assert.Equal(":0", await redis.Server.SendAsync("PUBLISH", "room:other", "x"));
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var start = new ProcessStartInfo("/usr/bin/python3", arguments)
        {
            WorkingDirectory = Path.Combine(AppContext.BaseDirectory, "outside"),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        Assert.Equal("", await errors);
        return output;
    }
}
