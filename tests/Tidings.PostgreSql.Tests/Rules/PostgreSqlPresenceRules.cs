using Tidings.PostgreSql.Tests.World;
using Tidings.Redis.Tests.Presence;
using Tidings.Redis.Tests.World;

namespace Tidings.PostgreSql.Tests.Rules;

public sealed class PostgreSqlPresenceRules(SharedDatabase database) : PresenceRules, IClassFixture<SharedDatabase>, IAsyncDisposable
{
    private readonly List<PostgreSqlWorld> _worlds = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var world in _worlds)
        {
            await world.DisposeAsync();
        }
    }

    private protected override async Task<(PresenceNode One, PresenceNode Two)> StartAsync()
    {
        var world = new PostgreSqlWorld(database.ConnectionString);
        _worlds.Add(world);
        return (Of(await world.NodeAsync(graceTime: Time)), Of(await world.NodeAsync(graceTime: Time)));
    }

    private static PresenceNode Of(BrokerNode node) => new(node.Hub, node.Backplane.Presence);
}
