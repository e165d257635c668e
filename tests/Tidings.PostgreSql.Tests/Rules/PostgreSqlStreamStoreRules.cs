using TestKit;
using Tidings.PostgreSql.Tests.World;
using Tidings.Redis.Tests.World;
using Tidings.Specification;
using Tidings.Streams;

namespace Tidings.PostgreSql.Tests.Rules;

/// <summary>Each test has a database of its own: what all streams have counts.</summary>
public sealed class PostgreSqlStreamStoreRules : StreamStoreRules, IAsyncLifetime
{
    private readonly PostgreSqlWorld _world = new(PostgreSqlServer.Shared.CreateDatabase()) { StreamBytes = MostBytes };
    private BrokerNode _node = null!;

    protected override IStreamStore Store => _node.Backplane.Streams!;

    public async ValueTask InitializeAsync() => _node = await _world.NodeAsync();

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
