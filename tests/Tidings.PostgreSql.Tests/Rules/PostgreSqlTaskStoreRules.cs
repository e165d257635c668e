using Tidings.PostgreSql.Tests.World;
using Tidings.Redis.Tests.World;
using Tidings.Specification;
using Tidings.Tasks;

namespace Tidings.PostgreSql.Tests.Rules;

public sealed class PostgreSqlTaskStoreRules(SharedDatabase database) : TaskStoreRules, IClassFixture<SharedDatabase>, IAsyncLifetime
{
    private readonly PostgreSqlWorld _world = new(database.ConnectionString);
    private BrokerNode _node = null!;

    protected override ITaskStore Store => _node.Backplane.Tasks!;

    protected override Task PassAsync(TimeSpan time) => Task.Delay(time);

    public async ValueTask InitializeAsync() => _node = await _world.NodeAsync();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Two_nodes_have_the_same_tasks()
    {
        var other = (await _world.NodeAsync()).Backplane.Tasks!;
        var record = Record(NewId());
        Assert.Equal(TaskAdded.Yes, await Store.TryAddAsync(record, TimeSpan.FromMinutes(1)));
        Assert.Equal(TaskAdded.Exists, await other.TryAddAsync(record, TimeSpan.FromMinutes(1)));
        Assert.True(await other.TryReplaceAsync(record.Next(record.State with { Progress = 50 }), record.Version, TimeSpan.FromMinutes(1)));
        Assert.False(await Store.TryReplaceAsync(record.Next(record.State), record.Version, TimeSpan.FromMinutes(1)));
        Assert.Equal(50, (await Store.FindAsync(record.Id))!.State.Progress);
    }
}
