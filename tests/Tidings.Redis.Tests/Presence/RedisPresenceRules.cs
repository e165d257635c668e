using Tidings.Redis.Tests.World;
using Tidings.Specification;
using Tidings.Testing;

namespace Tidings.Redis.Tests.Presence;

public sealed class RedisPresenceRules(SharedRedis redis) : PresenceRules, IClassFixture<SharedRedis>, IAsyncLifetime
{
    private readonly List<RedisWorld> _worlds = [];
    private readonly ManualTime _time = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var world in _worlds)
        {
            await world.DisposeAsync();
        }
    }

    protected override void Pass(TimeSpan time) => _time.Advance(time);

    protected override async Task<(EngineNode One, EngineNode Two)> StartAsync()
    {
        var world = new RedisWorld(redis.Server.Address);
        _worlds.Add(world);
        return (await world.NodeAsync(graceTime: _time), await world.NodeAsync(graceTime: _time));
    }
}
