using Tidings.Channels;
using Tidings.Engine;
using Tidings.Redis.Tests.World;
using Tidings.Specification;
using Tidings.Testing;

namespace Tidings.Redis.Tests.Presence;

public sealed class MemoryPresenceRules : PresenceRules
{
    private readonly ManualTime _time = new();

    protected override void Pass(TimeSpan time) => _time.Advance(time);

    protected override Task<(EngineNode One, EngineNode Two)> StartAsync()
    {
        var hub = new Hub(_time);
        var backplane = new MemoryBackplane(hub, _time);
        var node = new BrokerNode(hub, backplane);
        return Task.FromResult<(EngineNode One, EngineNode Two)>((node, node));
    }
}
