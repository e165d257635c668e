using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Net;
using System.Text;
using TestKit;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Redis.Servers;
using Tidings.Redis.Tests.World;
using Tidings.Specification;

namespace Tidings.Redis.Tests.Security;

/// <summary>What the server is asked for, with how few rights, and that all of it goes away by itself.</summary>
public sealed class ServerRules
{
    private const string Nasty = "x*?[a]\\{b}:\r\n__keyspace@0__:*\0'\"";

    /// <summary>The rights that docs/guides/redis.md names, after the password.</summary>
    private static readonly string[] Rights =
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "outside", "redis.md")).Single(static line => line.StartsWith("ACL SETUSER default ", StringComparison.Ordinal)).Split(' ')[5..];

    // B44
    [Fact]
    public async Task An_account_with_the_documented_rights_is_enough()
    {
        await using var redis = await RedisServer.StartAsync(RedisPersistence.Always);
        await redis.SendAsync(["ACL", "SETUSER", "operator", "on", ">operator", "~*", "&*", "+@all"]);
        await redis.SendAsync(["ACL", "SETUSER", "default", "resetpass", ">secret", .. Rights]);
        await using var world = new RedisWorld($"{redis.Address},password=secret");
        var (one, two) = (await world.NodeAsync(), await world.NodeAsync());
        await DoEverythingAsync(one, two);
        Assert.True((await one.SayAsync("durable", "x", durable: true)).Offset == 1);
        var denied = await AskAsOperatorAsync(redis.Port, "ACL LOG");
        Assert.True(denied == "*0", denied);
        Assert.Empty(world.Logged);
    }

    [Fact]
    public async Task Every_key_has_a_time_to_live()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var world = new RedisWorld(redis.Address);
        await DoEverythingAsync(await world.NodeAsync(), await world.NodeAsync());
        var keys = (await redis.SendAsync("KEYS", "*")).Split("\r\n").Where(static line => line.Contains("tidings", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(keys);
        foreach (var key in keys)
        {
            Assert.DoesNotContain("-1", await redis.SendAsync("PTTL", key), StringComparison.Ordinal);
            Assert.StartsWith("tidings:", key, StringComparison.Ordinal);
        }
    }

    // B29
    [Fact]
    public async Task What_users_say_is_only_ever_an_argument()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var world = new RedisWorld(redis.Address);
        var (one, two) = (await world.NodeAsync(), await world.NodeAsync());
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, redis.Port);
        await client.GetStream().WriteAsync("*1\r\n$7\r\nMONITOR\r\n"u8.ToArray());
        var lines = new ConcurrentQueue<string>();
        using var reader = new StreamReader(client.GetStream());
        Assert.Equal("+OK", await reader.ReadLineAsync());
        var reading = ReadAllAsync(reader, lines);
        await redis.SendAsync("SCRIPT", "FLUSH");
        await DoEverythingAsync(one, two);
        await redis.SendAsync("PING", "the-end");
        await reading.WaitAsync(Eventually.Limit);

        Assert.Contains(lines, static line => line.Contains("SCRIPT\" \"LOAD", StringComparison.OrdinalIgnoreCase));
        foreach (var line in lines)
        {
            // +time [0 127.0.0.1:port] "COMMAND" "argument" …
            var words = line[(line.IndexOf(']', StringComparison.Ordinal) + 2)..].Split(' ');
            var command = words[0].Trim('"').ToUpperInvariant();
            Assert.DoesNotContain(command, (string[])["PSUBSCRIBE", "KEYS", "SCAN", "EVAL"]);
            if (command == "SCRIPT")
            {
                Assert.DoesNotContain("canary", line, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task A_publish_is_one_script_whatever_the_number_of_nodes_and_listeners()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var world = new RedisWorld(redis.Address);
        BrokerNode[] nodes = [await world.NodeAsync(), await world.NodeAsync(), await world.NodeAsync()];
        var listeners = new List<Listener>();
        for (var i = 0; i < 10; i++)
        {
            // The third node listens to something else.
            listeners.Add(await Listener.OnAsync(nodes[i % 2], "a"));
            listeners.Add(await Listener.OnAsync(nodes[2], "b"));
        }

        await redis.SendAsync("CONFIG", "RESETSTAT");
        var last = (await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => nodes[0].SayAsync("a", "x")))).MaxBy(static position => position.Offset);
        await listeners[0].HasHeardAsync(last);
        var stats = await redis.SendAsync("INFO", "commandstats");
        Assert.InRange(Calls(stats, "evalsha"), 500, 520);
        Assert.InRange(Calls(stats, "publish"), 500, 520);
        Assert.EndsWith(":2", await redis.SendAsync("PUBSUB", "NUMSUB", "tidings:channel:a"), StringComparison.Ordinal);
    }

    // B14, from a server that is none.
    [Theory]
    [InlineData("$9999999999\r\n")]
    [InlineData("$2147483647\r\nxxx")]
    [InlineData("*2147483647\r\n")]
    [InlineData("$-5\r\n")]
    [InlineData("?\r\n")]
    [InlineData("*3\r\n$10\r\ngeneration\r\n")]
    [InlineData(":99999999999999999999999999\r\n")]
    [InlineData(">2\r\n+message\r\n+nobody asked for it\r\n")]
    [InlineData("*1\r\n", 100_000)]
    public async Task A_server_that_answers_nonsense_is_away_and_nothing_more(string nonsense, int times = 1)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        using var end = new CancellationTokenSource();
        var serving = ServeNonsenseAsync(server, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(nonsense, times))), end.Token);
        await using var world = new RedisWorld($"127.0.0.1:{((IPEndPoint)server.LocalEndpoint).Port}");
        var allocated = GC.GetTotalAllocatedBytes();
        var node = await world.NodeAsync(available: false);
        for (var i = 0; i < 20; i++)
        {
            await Assert.ThrowsAsync<BrokerUnavailableException>(() => node.SayAsync("a", "x"));
            await Task.Delay(5);
        }

        // Of the whole process, in which other tests run: far below what was announced.
        Assert.InRange(GC.GetTotalAllocatedBytes() - allocated, 0, 1L << 30);
        server.Stop();
        await end.CancelAsync();
        await serving;
    }

    [Fact]
    public async Task Servers_share_the_channels_and_one_that_is_away_takes_only_its_own_with_it()
    {
        await using var first = await RedisServer.StartAsync();
        await using var second = await RedisServer.StartAsync();
        await using var world = new RedisWorld($"{first.Address};{second.Address}");
        var node = await world.NodeAsync();
        string[] channels = [.. Enumerable.Range(0, 100).Select(static i => $"chat:{i}")];
        foreach (var channel in channels)
        {
            Assert.Equal(1, (await node.SayAsync(channel, "x")).Offset);
        }

        Assert.InRange(channels.Count(static channel => RedisSpread.IndexOf(channel, 2) == 0), 30, 70);
        second.Kill();
        await Eventually.TrueAsync(() => !node.Backplane.IsAvailable, "the node knows that one is away");
        foreach (var channel in channels)
        {
            if (RedisSpread.IndexOf(channel, 2) == 0)
            {
                Assert.Equal(2, (await node.SayAsync(channel, "x")).Offset);
            }
            else
            {
                await Assert.ThrowsAsync<BrokerUnavailableException>(() => node.SayAsync(channel, "x"));
            }
        }
    }

    private static async Task DoEverythingAsync(BrokerNode one, BrokerNode two)
    {
        foreach (var channel in (string[])["a", $"canary{Nasty}"])
        {
            using var listener = await Listener.OnAsync(two, channel);
            await one.SayAsync(channel, "canary*", key: $"canary{Nasty}");
            await one.Broker.ReleaseAsync(channel, [$"canary{Nasty}"]);
            await one.Broker.PublishAsync(new Publication(channel, MessageData.Text("canary")) { Ephemeral = true });
            for (var i = 0; i < 3; i++)
            {
                await one.SayAsync(channel, "x", history: 2, age: TimeSpan.FromMilliseconds(50));
            }

            await Task.Delay(60);
            var last = await one.SayAsync(channel, "y", history: 2, age: TimeSpan.FromMilliseconds(50));
            await two.ReadAsync(channel, last: 5);
            await two.ReadAsync(channel, last);
            await two.ReadAsync($"{channel}.nobody");
            await listener.HasHeardAsync(last);
        }

        // One look at the server's health, at least.
        await Task.Delay(RedisShard.ProbeInterval * 1.5);
    }

    private static int Calls(string stats, string command)
    {
        var at = stats.IndexOf($"cmdstat_{command}:calls=", StringComparison.Ordinal);
        var text = stats[(at + command.Length + 15)..];
        return int.Parse(text[..text.IndexOf(',', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task ReadAllAsync(StreamReader reader, ConcurrentQueue<string> lines)
    {
        while (await reader.ReadLineAsync() is { } line && !line.Contains("the-end", StringComparison.Ordinal))
        {
            lines.Enqueue(line);
        }
    }

    private static async Task<string> AskAsOperatorAsync(int port, string command)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        using var reader = new StreamReader(client.GetStream());
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"AUTH operator operator\r\n{command}\r\n"));
        Assert.Equal("+OK", await reader.ReadLineAsync());
        await client.GetStream().WriteAsync("QUIT\r\n"u8.ToArray());
        return (await reader.ReadToEndAsync()).Split("\r\n+OK")[0];
    }

    private static async Task ServeNonsenseAsync(TcpListener server, byte[] nonsense, CancellationToken end)
    {
        var serving = new List<Task>();
        try
        {
            for (var i = 0; i < 1000; i++)
            {
                serving.Add(AnswerAsync(await server.AcceptTcpClientAsync(end), nonsense, end));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            await Task.WhenAll(serving);
        }
    }

    // Polite until it is asked for more than signs of life.
    private static async Task AnswerAsync(TcpClient client, byte[] nonsense, CancellationToken end)
    {
        using (client)
        {
            var buffer = new byte[64 * 1024];
            try
            {
                while (await client.GetStream().ReadAsync(buffer, end) is var count and > 0)
                {
                    var text = Encoding.ASCII.GetString(buffer, 0, count);
                    var plain = text.Contains("PING", StringComparison.Ordinal) && !text.Contains("EVALSHA", StringComparison.Ordinal) && !text.Contains("CONFIG", StringComparison.Ordinal);
                    await client.GetStream().WriteAsync(plain ? "+PONG\r\n"u8.ToArray() : nonsense, end);
                }
            }
            catch (Exception error) when (error is IOException or OperationCanceledException)
            {
            }
        }
    }
}
