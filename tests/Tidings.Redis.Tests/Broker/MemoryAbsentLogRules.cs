using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Engine;
using Tidings.Redis.Tests.World;
using Tidings.Specification;
using Tidings.Testing;

namespace Tidings.Redis.Tests.Broker;

public sealed class MemoryAbsentLogRules : AbsentLogRules, IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly BrokerNode _node;

    public MemoryAbsentLogRules()
    {
        var hub = new Hub(_time);
        _node = new BrokerNode(hub, new MemoryBackplane(hub, _time));
    }

    protected override Task<EngineNode> NodeAsync() => Task.FromResult<EngineNode>(_node);

    protected override Task<long> LogsAsync() => Task.FromResult<long>(((MemoryBroker)_node.Broker).Logs);

    protected override Task ForgetAsync(string channel)
    {
        _time.Advance(TimeSpan.FromMinutes(10));
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _node.Backplane.DisposeAsync();
}
