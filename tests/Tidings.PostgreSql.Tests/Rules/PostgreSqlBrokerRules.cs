using Tidings.PostgreSql.Tests.World;
using Tidings.Redis.Tests.Broker;
using Tidings.Redis.Tests.World;

namespace Tidings.PostgreSql.Tests.Rules;

/// <summary>The rules, for three nodes on one PostgreSQL.</summary>
public sealed class PostgreSqlBrokerRules(SharedDatabase database) : KeyedStateRules, IClassFixture<SharedDatabase>, IAsyncDisposable
{
    private readonly PostgreSqlWorld _world = new(database.ConnectionString);

    private protected override Task<BrokerNode> NodeAsync() => _world.NodeAsync();

    // PostgreSQL has a clock of its own.
    private protected override Task PassAsync(TimeSpan time) => Task.Delay(time);

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
