using Tidings.Data.Tests.World;
using Tidings.Specification;
using Tidings.Tasks;

namespace Tidings.Data.Tests.Rules;

public sealed class DataTaskStoreRules : TaskStoreRules, IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly DataWorld _world;

    public DataTaskStoreRules()
    {
        _world = new DataWorld(_time);
        _world.Start();
    }

    protected override ITaskStore Store => _world.Backplane.Tasks;

    protected override Task PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Tasks_are_there_after_a_restart_and_due_when_they_were_to_be()
    {
        var record = Record("kept");
        await Store.TryAddAsync(record, TimeSpan.FromMinutes(5));
        await _world.RestartAsync();
        Assert.Equal(record.Version, (await Store.FindAsync("kept"))!.Version);
        Assert.Empty(await Store.ListDueAsync(10));
        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal("kept", Assert.Single(await Store.ListDueAsync(10)).Id);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
