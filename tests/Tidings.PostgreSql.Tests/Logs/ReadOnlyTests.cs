using TestKit;
using Tidings.Brokers;
using Tidings.PostgreSql.Tests.World;
using Tidings.Specification;

namespace Tidings.PostgreSql.Tests.Logs;

/// <summary>A server that takes no writes: reading goes on, also over connections that are opened then.</summary>
public sealed class ReadOnlyTests
{
    private readonly SharedDatabase _database = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reading_goes_on_and_publishing_as_soon_as_it_can(bool cut)
    {
        await using var world = new PostgreSqlWorld(_database.ConnectionString);
        var node = await world.NodeAsync();
        var before = await node.SayAsync("a", "1");
        PostgreSqlServer.Shared.Query("postgres", $"ALTER DATABASE {_database.Name} SET default_transaction_read_only = on");
        Cut();
        await Eventually.TrueAsync(() => node.Backplane is { IsAvailable: true, Refusal: not null }, $"it reads: {string.Join('\n', world.Logged)}");
        Assert.Contains("read-only", node.Backplane.Refusal, StringComparison.Ordinal);
        Assert.Equal(before, Assert.Single((await node.ReadAsync("a", last: 10)).Messages).Position);
        using var listener = await Listener.OnAsync(node, "a");
        Assert.Contains("read-only", (await Assert.ThrowsAsync<BrokerUnavailableException>(() => node.SayAsync("a", "2"))).Message, StringComparison.Ordinal);

        // A node that starts now reads, too.
        var late = await world.NodeAsync();
        Assert.Single((await late.ReadAsync("a", last: 10)).Messages);

        PostgreSqlServer.Shared.Query("postgres", $"ALTER DATABASE {_database.Name} RESET default_transaction_read_only");
        if (cut)
        {
            Cut();
        }

        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    return await late.SayAsync("a", "2") == before with { Offset = 2 };
                }
                catch (BrokerUnavailableException)
                {
                    return false;
                }
            },
            static () => "it publishes again, in the same epoch");
        await Eventually.TrueAsync(() => listener.Heard.Count == 1, "the other node hears it");
        await Eventually.TrueAsync(() => _database.Query("SELECT count(*) FROM tidings.nodes WHERE NOT swept") == "2", "both have a lease");
    }

    private void Cut() => PostgreSqlServer.Shared.Query("postgres", $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_database.Name}'");
}
