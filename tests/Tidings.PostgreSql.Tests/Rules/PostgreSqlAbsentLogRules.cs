using Tidings.PostgreSql.Tests.World;
using Tidings.Redis.Tests.Broker;
using Tidings.Redis.Tests.World;

namespace Tidings.PostgreSql.Tests.Rules;

public sealed class PostgreSqlAbsentLogRules(SharedDatabase database) : AbsentLogRules, IClassFixture<SharedDatabase>, IAsyncDisposable
{
    private readonly PostgreSqlWorld _world = new(database.ConnectionString);

    private protected override Task<BrokerNode> NodeAsync() => _world.NodeAsync();

    private protected override Task<long> LogsAsync() => Task.FromResult(long.Parse(database.Query("SELECT (SELECT count(*) FROM tidings.channels) + (SELECT count(*) FROM tidings.forgotten)"), null));

    private protected override Task ForgetAsync(string channel)
    {
        database.Query($"DELETE FROM tidings.messages WHERE channel = '{channel}'");
        Assert.Equal("1", database.Query($"SELECT tidings.forget_1(ARRAY['{channel}'], -1000000)"));
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
