using System.Net.Sockets;
using System.Text;
using TestKit;
using Tidings.Brokers;
using Tidings.Protocol;
using Tidings.Redis.Tests.World;
using Tidings.Specification;

namespace Tidings.Redis.Tests.Faults;

/// <summary>A real Sentinel fails over: nodes follow, no position gets a second payload, and whoever listens is told.</summary>
public sealed class F06_Sentinel
{
    [Theory]
    [InlineData(null)]
    [InlineData("sesame")]
    public async Task Nodes_follow_a_failover_and_the_old_master_comes_back_as_a_replica(string? password)
    {
        await using var first = await RedisServer.StartAsync(RedisPersistence.Always, "--repl-diskless-sync-delay", "0");
        await using var second = await RedisServer.StartAsync(RedisPersistence.Always, "--repl-diskless-sync-delay", "0", "--replicaof", "127.0.0.1", $"{first.Port}");
        await Eventually.TrueAsync(async () => (await second.AskAsync("INFO", "replication")).Contains("master_link_status:up", StringComparison.Ordinal), static () => "the replica follows");
        using var sentinel = new RedisSentinel(first, password);
        await Eventually.TrueAsync(async () => await RunsAsync(sentinel, password), static () => "the sentinel knows the replica", TimeSpan.FromSeconds(30));
        await using var world = new RedisWorld($"127.0.0.1:{sentinel.Port},serviceName=mymaster{(password is null ? "" : $",sentinelPassword={password}")}");
        var (one, two) = (await world.NodeAsync(), await world.NodeAsync());
        using var listener = await Listener.OnAsync(two, "a");
        var said = new HashSet<StreamPosition>();
        for (var i = 0; i < 20; i++)
        {
            Assert.True(said.Add(await one.SayAsync("a", $"{i}")));
        }

        await listener.HasHeardAsync(said.MaxBy(static position => position.Offset));
        await first.KillAsync();
        var after = await SayWhenBackAsync(one);
        Assert.DoesNotContain(after.Epoch, said.Select(static position => position.Epoch));
        await listener.HasHeardAsync(after);
        Assert.Contains("role:master", await second.AskAsync("INFO", "replication"), StringComparison.Ordinal);

        await first.StartAgainAsync();
        await Eventually.TrueAsync(async () => (await first.AskAsync("INFO", "replication")).Contains("role:slave", StringComparison.Ordinal), static () => "the old master follows", TimeSpan.FromSeconds(60));
        var last = await SayWhenBackAsync(two);
        Assert.Equal(after with { Offset = after.Offset + 1 }, last);
        await listener.HasHeardAsync(last);
        Assert.Equal(listener.Heard.Count, listener.Heard.Select(static message => message.Position).Distinct().Count());
    }

    [Fact]
    public async Task A_name_that_no_sentinel_knows_is_said()
    {
        await using var redis = await RedisServer.StartAsync();
        using var sentinel = new RedisSentinel(redis);
        await using var world = new RedisWorld($"127.0.0.1:{sentinel.Port},serviceName=other");
        await world.NodeAsync(available: false);
        Assert.Contains(world.Logged, static line => line.Contains("No sentinel names a master of other", StringComparison.Ordinal));
    }

    private static async Task<bool> RunsAsync(RedisSentinel sentinel, string? password)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", sentinel.Port, limit.Token);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"{(password is null ? "" : $"AUTH {password}\r\n")}INFO sentinel\r\n"), limit.Token);
            using var reader = new StreamReader(stream);
            while (await reader.ReadLineAsync(limit.Token) is { } line)
            {
                if (line.StartsWith("master0:", StringComparison.Ordinal))
                {
                    return line.Contains("slaves=1", StringComparison.Ordinal);
                }
            }
        }
        catch (Exception error) when (error is SocketException or IOException or OperationCanceledException)
        {
        }

        return false;
    }

    private static async Task<StreamPosition> SayWhenBackAsync(BrokerNode node)
    {
        StreamPosition? said = null;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    said = await node.SayAsync("a", "again");
                    return true;
                }
                catch (BrokerUnavailableException)
                {
                    return false;
                }
            },
            static () => "publishing works again",
            TimeSpan.FromSeconds(30));
        return said!.Value;
    }
}
