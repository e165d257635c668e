using TestKit;
using Tidings.Brokers;
using Tidings.PostgreSql.Tests.World;
using Tidings.Protocol;

namespace Tidings.PostgreSql.Tests.Logs;

/// <summary>G1, G5: no position gets a second payload where the tables are a copy on the same server.</summary>
public sealed class CopiedDatabaseTests
{
    private readonly SharedDatabase _database = new();

    [Fact]
    public async Task A_copy_of_the_database_begins_new_epochs_and_has_what_was_there()
    {
        var before = await SayAsync(_database.ConnectionString);
        PostgreSqlServer.Shared.Query("postgres", $"CREATE DATABASE {_database.Name}_copy TEMPLATE {_database.Name}");
        var after = await SayAsync(PostgreSqlServer.Shared.ConnectionString($"{_database.Name}_copy"));
        Assert.Equal((1, 2), (before.Offset, after.Offset));
        Assert.NotEqual(before.Epoch, after.Epoch);
        Assert.Equal(before.Epoch, (await SayAsync(_database.ConnectionString)).Epoch);
    }

    [Fact]
    public async Task A_database_of_the_same_name_with_tables_made_anew_begins_new_epochs()
    {
        var before = await SayAsync(_database.ConnectionString);
        _database.Query(TablesMadeAnew);
        Assert.NotEqual(before.Epoch, (await SayAsync(_database.ConnectionString)).Epoch);
    }

    [Fact]
    public async Task Tables_made_anew_while_nodes_live_begin_new_epochs()
    {
        await using var world = new PostgreSqlWorld(_database.ConnectionString);
        var node = await world.NodeAsync();
        var before = await node.SayAsync("c", "1");
        _database.Query(TablesMadeAnew);
        StreamPosition? after = null;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    after = await node.SayAsync("c", "2");
                    return true;
                }
                catch (BrokerUnavailableException)
                {
                    return false;
                }
            },
            static () => "the node goes on");
        Assert.NotEqual(before.Epoch, after!.Value.Epoch);
        Assert.Equal("1", _database.Query("SELECT count(DISTINCT payload) FROM tidings.messages WHERE place = 1"));
    }

    // As a dump makes them: other tables, with the same rows.
    private const string TablesMadeAnew = """
        CREATE TABLE tidings.copied (LIKE tidings.cluster INCLUDING ALL); INSERT INTO tidings.copied SELECT * FROM tidings.cluster;
        DROP TABLE tidings.cluster CASCADE; ALTER TABLE tidings.copied RENAME TO cluster
        """;

    private static async Task<StreamPosition> SayAsync(string connectionString)
    {
        await using var world = new PostgreSqlWorld(connectionString);
        return await (await world.NodeAsync()).SayAsync("c", "1");
    }
}
