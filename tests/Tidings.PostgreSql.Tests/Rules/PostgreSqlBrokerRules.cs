using Tidings.PostgreSql.Tests.World;
using Tidings.Specification;

namespace Tidings.PostgreSql.Tests.Rules;

/// <summary>The rules, for three nodes on one PostgreSQL.</summary>
public sealed class PostgreSqlBrokerRules(SharedDatabase database) : KeyedStateRules, IClassFixture<SharedDatabase>, IAsyncDisposable
{
    private readonly PostgreSqlWorld _world = new(database.ConnectionString);

    protected override async Task<EngineNode> NodeAsync() => await _world.NodeAsync();

    // PostgreSQL has a clock of its own.
    protected override Task PassAsync(TimeSpan time) => Task.Delay(time);

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
