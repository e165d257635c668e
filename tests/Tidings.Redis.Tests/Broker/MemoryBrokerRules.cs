using Tidings.Channels;
using Tidings.Engine;
using Tidings.Redis.Tests.World;
using Tidings.Specification;
using Tidings.Testing;

namespace Tidings.Redis.Tests.Broker;

/// <summary>The rules, for the broker in memory.</summary>
public sealed class MemoryBrokerRules : KeyedStateRules, IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly BrokerNode _node;

    public MemoryBrokerRules()
    {
        var hub = new Hub(_time);
        _node = new BrokerNode(hub, new MemoryBackplane(hub, _time));
    }

    protected override bool Shares => false;

    protected override Task<EngineNode> NodeAsync() => Task.FromResult<EngineNode>(_node);

    protected override Task PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _node.Backplane.DisposeAsync();
}
