using Tidings.Data.Tests.World;
using Tidings.Specification;

namespace Tidings.Data.Tests.Rules;

/// <summary>The rules of all brokers, for the one that survives.</summary>
public sealed class DataBrokerRules : KeyedStateRules, IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly DataWorld _world;

    public DataBrokerRules() => _world = new DataWorld(_time);

    protected override bool Shares => false;

    protected override Task<EngineNode> NodeAsync() => Task.FromResult<EngineNode>(_world.Node ?? _world.Start());

    protected override Task PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}

/// <summary>The same, with a restart whenever a test asks for a node or lets time go by.</summary>
public sealed class RestartedDataBrokerRules : KeyedStateRules, IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly DataWorld _world;

    public RestartedDataBrokerRules() => _world = new DataWorld(_time);

    protected override bool Shares => false;

    protected override async Task<EngineNode> NodeAsync() => await _world.RestartAsync();

    protected override Task PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}

public sealed class DataAbsentLogRules : AbsentLogRules, IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly DataWorld _world;

    public DataAbsentLogRules() => _world = new DataWorld(_time);

    protected override Task<EngineNode> NodeAsync() => Task.FromResult<EngineNode>(_world.Node ?? _world.Start());

    protected override Task<long> LogsAsync() => Task.FromResult<long>(((Logs.DataBroker)_world.Node!.Broker).Logs);

    protected override Task ForgetAsync(string channel)
    {
        _time.Advance(TimeSpan.FromMinutes(10));
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
