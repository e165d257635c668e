using Tidings.Brokers;
using Tidings.Connections;
using Tidings.PostgreSql.Databases;

namespace Tidings.PostgreSql.Cluster;

/// <summary>How many connections users have on all nodes. While PostgreSQL is away each node counts by itself.</summary>
internal sealed class PostgreSqlCounts(PostgreSqlServer server, StatementQueue statements) : IConnectionCounts, ILeased
{
    private const int AtOnce = 256;

    private volatile bool _isBehind;

    /// <summary>Whose connections are counted; null where the node has none.</summary>
    public ConnectionRegistry? Connections { get; set; }

    /// <summary>The node's lease. Set before anybody is counted.</summary>
    public NodeLease? Lease { get; set; }

    public Task<bool> EnterAsync(string user, int here, int limit) => server.Link is { } link ? EnterAsync(link, user, here, limit) : Task.FromResult(true);

    public void Leave(string user, int here)
    {
        if (server.Link is { } link)
        {
            _ = LeaveAsync(link, user, here);
        }
    }

    public async Task PutAsync(PostgreSqlLink link, string lease, string ended)
    {
        if (Connections is not { LimitsUsers: true } connections)
        {
            return;
        }

        _isBehind = false;
        if (ended.Length > 0)
        {
            await statements.AskAsync(link, new Statement("DELETE FROM tidings.counted WHERE lease = $1", ended)).ConfigureAwait(false);
        }

        foreach (var some in connections.Users.Chunk(AtOnce))
        {
            await Task.WhenAll(connections.EachCount(some, (user, here) => SayAsync(link, lease, user, here))).ConfigureAwait(false);
        }
    }

    public Task KeepAsync(PostgreSqlLink link, string lease) => _isBehind ? PutAsync(link, lease, lease) : Task.CompletedTask;

    private async Task<bool> EnterAsync(PostgreSqlLink link, string user, int here, int limit)
    {
        try
        {
            return await statements.AskAsync(link, new Statement("SELECT tidings.enter_1($1, $2, $3, $4)", Lease!.Id, user, here, limit)).ConfigureAwait(false) is true;
        }
        catch (BrokerUnavailableException)
        {
            // The node's own count holds.
            _isBehind = true;
            return true;
        }
    }

    private async Task LeaveAsync(PostgreSqlLink link, string user, int here)
    {
        try
        {
            await SayAsync(link, Lease!.Id, user, here).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            _isBehind = true;
        }
    }

    private Task SayAsync(PostgreSqlLink link, string lease, string user, int here) => statements.AskAsync(link, new Statement("SELECT tidings.count_1($1, $2, $3)", lease, user, here));
}
