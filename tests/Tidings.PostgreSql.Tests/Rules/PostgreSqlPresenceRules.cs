using Tidings.PostgreSql.Tests.World;
using Tidings.Specification;
using Tidings.Testing;

namespace Tidings.PostgreSql.Tests.Rules;

public sealed class PostgreSqlPresenceRules(SharedDatabase database) : PresenceRules, IClassFixture<SharedDatabase>, IAsyncDisposable
{
    private readonly List<PostgreSqlWorld> _worlds = [];
    private readonly ManualTime _time = new();

    public async ValueTask DisposeAsync()
    {
        foreach (var world in _worlds)
        {
            await world.DisposeAsync();
        }
    }

    protected override void Pass(TimeSpan time) => _time.Advance(time);

    protected override async Task<(EngineNode One, EngineNode Two)> StartAsync()
    {
        var world = new PostgreSqlWorld(database.ConnectionString);
        _worlds.Add(world);
        return (await world.NodeAsync(graceTime: _time), await world.NodeAsync(graceTime: _time));
    }
}
