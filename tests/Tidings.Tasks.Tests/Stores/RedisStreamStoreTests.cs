using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using TestKit;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Redis;
using Tidings.Specification;
using Tidings.Streams;

namespace Tidings.Tasks.Tests.Stores;

/// <summary>The same on a real Redis.</summary>
public sealed class RedisStreamStoreTests(RedisTaskStoreTests.OneRedis redis) : StreamStoreRules, IClassFixture<RedisTaskStoreTests.OneRedis>, IAsyncLifetime
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly string _prefix = Guid.NewGuid().ToString("N") + ":";
    private RedisBackplane _node = null!;

    protected override IStreamStore Store => _node.Streams;

    public async ValueTask InitializeAsync() => _node = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task Two_nodes_write_one_stream_and_each_byte_is_there_once()
    {
        await using var other = await StartAsync();
        var name = NewName();
        await Store.WriteAsync(name, null, Head(0), default, 0);
        var counts = await Task.WhenAll(new[] { Store, other.Streams }.Select((store, i) => Task.Run(async () =>
        {
            var written = 0;
            for (var attempt = 0; attempt < 200; attempt++)
            {
                var head = (await store.ReadAsync(name, 0, 0))!.Value.Head;
                written += await store.WriteAsync(name, head, head with { Version = head.Version + 1, Length = head.Length + 1 }, Bytes($"{i}"), 0) == StreamWritten.Yes ? 1 : 0;
            }

            return written;
        })));
        var text = await TextAsync(name);
        Assert.Equal((counts[0], counts[1]), (text.Count(static one => one == '0'), text.Count(static one => one == '1')));
        Assert.Equal(text, System.Text.Encoding.UTF8.GetString((await other.Streams.ReadAsync(name, 0, 1000))!.Value.Bytes.Span));
    }

    [Fact]
    public async Task What_somebody_else_has_written_there_is_no_stream()
    {
        var name = NewName();
        await Store.WriteAsync(name, null, Head(0), default, 0);
        await redis.Server.SendAsync("HSET", $"{_prefix}bytes:head:{Tidings.Redis.Servers.RedisKeys.Encode(name)}", "h", "{}");
        Assert.Null(await Store.ReadAsync(name, 0, 10));
    }

    [Fact]
    public async Task Without_redis_calls_fail_in_time()
    {
        await using var server = await RedisServer.StartAsync();
        var node = await StartAsync(server);
        server.Kill();
        var began = TimeProvider.System.GetTimestamp();
        await Assert.ThrowsAsync<BrokerUnavailableException>(async () => await node.Streams.ReadAsync("a", 0, 1));
        await Assert.ThrowsAsync<BrokerUnavailableException>(async () => await node.Streams.WriteAsync("a", null, Head(0), default, 0));
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 0, 10);
        await node.DisposeAsync();
    }

    private async Task<RedisBackplane> StartAsync(RedisServer? server = null)
    {
        var options = new RedisOptions { Configuration = (server ?? redis.Server).Address, Prefix = _prefix };
        var node = new RedisBackplane(options, "node", new Hub(TimeProvider.System), TimeProvider.System, _services.GetRequiredService<IMeterFactory>(), NullLogger.Instance, streamBytes: MostBytes);
        await node.StartAsync(CancellationToken.None);
        Assert.True(node.IsAvailable);
        return node;
    }
}
