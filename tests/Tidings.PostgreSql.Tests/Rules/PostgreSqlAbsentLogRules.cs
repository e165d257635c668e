using Tidings.PostgreSql.Tests.World;
using Tidings.Specification;

namespace Tidings.PostgreSql.Tests.Rules;

public sealed class PostgreSqlAbsentLogRules(SharedDatabase database) : AbsentLogRules, IClassFixture<SharedDatabase>, IAsyncDisposable
{
    private readonly PostgreSqlWorld _world = new(database.ConnectionString);

    protected override async Task<EngineNode> NodeAsync() => await _world.NodeAsync();

    protected override Task<long> LogsAsync() => Task.FromResult(long.Parse(database.Query("SELECT (SELECT count(*) FROM tidings.channels) + (SELECT count(*) FROM tidings.forgotten)"), null));

    protected override Task ForgetAsync(string channel)
    {
        database.Query($"DELETE FROM tidings.messages WHERE channel = '{channel}'");
        Assert.Equal("1", database.Query($"SELECT tidings.forget_1(ARRAY['{channel}'], -1000000)"));
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
