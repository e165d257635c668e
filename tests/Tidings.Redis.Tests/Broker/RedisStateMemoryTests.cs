using System.Net;
using TestKit;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Quotas;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Broker;

/// <summary>B50: states have no age, so clients' states together leave a quarter of Redis' memory to what has one.</summary>
public sealed class RedisStateMemoryTests : IAsyncLifetime
{
    private static readonly Sender Client = Sender.Of(null, AddressKey.From(IPAddress.Parse("127.0.0.1")));

    private RedisServer _redis = null!;
    private RedisWorld _world = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync(RedisPersistence.None, "--maxmemory", "24mb", "--maxmemory-policy", "noeviction");
        _world = new RedisWorld(_redis.Address);
    }

    [Fact]
    public async Task Over_three_quarters_clients_set_no_further_keys_and_all_else_goes_on()
    {
        var node = await _world.NodeAsync();
        var channels = 0;
        var full = await Assert.ThrowsAsync<ChannelStateFullException>(async () =>
        {
            for (; channels < 1000; channels++)
            {
                await SetAsync(node, Client, $"board:{channels}", "a", 100_000);
            }
        });
        Assert.Contains("maxmemory", full.Message);
        Assert.InRange(channels, 50, 200);
        await Assert.ThrowsAsync<ChannelStateFullException>(() => SetAsync(node, Client, "board:0", "b", 100_000));
        await Assert.ThrowsAsync<ChannelStateFullException>(() => SetAsync(node, Client, "board:0", "a", 150_000));
        await SetAsync(node, Client, "board:0", "a", 100_000);
        await SetAsync(node, Client, "board:0", "a", 50_000);
        await SetAsync(node, Sender.Server, "board:server", "a", 100_000);
        await node.SayAsync("chat:1", "all else goes on");
        for (var i = 0; i < 20; i++)
        {
            await node.Broker.PublishAsync(Change(Client, $"board:{i}", "a", default) with { Kind = MessageKind.KeyRemoval });
        }

        await SetAsync(node, Client, "board:0", "b", 1);
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        await _redis.DisposeAsync();
    }

    private static Publication Change(Sender sender, string channel, string key, MessageData data) =>
        new(channel, data) { Key = key, Sender = sender, Retention = new Retention(0, TimeSpan.FromHours(1)) { State = new StateBounds(1000, 16 << 20) } };

    private static async Task SetAsync(BrokerNode node, Sender sender, string channel, string key, int length) =>
        await node.Broker.PublishAsync(Change(sender, channel, key, MessageData.Text(new string('x', length))));
}
