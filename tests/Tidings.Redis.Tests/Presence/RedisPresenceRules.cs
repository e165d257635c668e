using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Presence;

public sealed class RedisPresenceRules(SharedRedis redis) : PresenceRules, IClassFixture<SharedRedis>, IAsyncLifetime
{
    private readonly List<RedisWorld> _worlds = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var world in _worlds)
        {
            await world.DisposeAsync();
        }
    }

    private protected override async Task<(PresenceNode One, PresenceNode Two)> StartAsync()
    {
        var world = new RedisWorld(redis.Server.Address);
        _worlds.Add(world);
        return (Of(await world.NodeAsync(graceTime: Time)), Of(await world.NodeAsync(graceTime: Time)));
    }

    private static PresenceNode Of(BrokerNode node) => new(node.Hub, node.Backplane.Presence);
}
