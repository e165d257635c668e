using Tidings.ForeignEngine.Tests.Cluster;
using Tidings.Specification;
using Tidings.Streams;
using Tidings.Tasks;

namespace Tidings.ForeignEngine.Tests;

public sealed class ProcessBrokerRules : KeyedStateRules
{
    private readonly ProcessWorld _world = new();

    protected override Task<EngineNode> NodeAsync() => Task.FromResult(_world.Start());

    protected override Task PassAsync(TimeSpan time)
    {
        _world.Time.Advance(time);
        return Task.CompletedTask;
    }
}

public sealed class ProcessAbsentLogRules : AbsentLogRules
{
    private readonly ProcessWorld _world = new();

    protected override Task<EngineNode> NodeAsync() => Task.FromResult(_world.Start());

    protected override Task<long> LogsAsync() => Task.FromResult<long>(_world.Cluster.Logs.Count);

    protected override Task ForgetAsync(string channel)
    {
        _world.Time.Advance(TimeSpan.FromMinutes(10));
        return Task.CompletedTask;
    }
}

public sealed class ProcessPresenceRules : PresenceRules
{
    private readonly ProcessWorld _world = new();

    protected override void Pass(TimeSpan time) => _world.Time.Advance(time);

    protected override Task<(EngineNode One, EngineNode Two)> StartAsync() => Task.FromResult((_world.Start(), _world.Start()));
}

public sealed class ProcessTaskStoreRules : TaskStoreRules
{
    private readonly ProcessWorld _world = new();

    protected override ITaskStore Store => _world.Cluster.Tasks;

    protected override Task PassAsync(TimeSpan time)
    {
        _world.Time.Advance(time);
        return Task.CompletedTask;
    }
}

public sealed class ProcessStreamStoreRules : StreamStoreRules
{
    protected override IStreamStore Store { get; } = new ProcessStreams(MostBytes);
}
