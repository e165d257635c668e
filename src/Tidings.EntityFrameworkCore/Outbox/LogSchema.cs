using System.Collections.Concurrent;
using System.Data.Common;
using Npgsql;

namespace Tidings.EntityFrameworkCore.Outbox;

/// <summary>Which databases have functions by which a transaction publishes into the nodes' logs, for the role that asks. Safe from any thread.</summary>
internal sealed class LogSchema
{
    private const int MostKnown = 1000;

    private const string Ask = """
        SELECT EXISTS (
            SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname = 'tidings' AND p.proname = 'publish_rows_1' AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE'))
        """;

    private readonly ConcurrentDictionary<(string Server, string Database, string? Role, string Logs), bool> _known = new();

    /// <param name="connection">A connection to the database.</param>
    /// <param name="transaction">Its transaction, or null.</param>
    /// <param name="logs">What the logs are known by: with other ones it is asked again.</param>
    /// <param name="async">Whether it may wait.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async ValueTask<bool> IsInAsync(DbConnection connection, DbTransaction? transaction, string logs, bool async, CancellationToken cancellationToken)
    {
        var key = (connection.DataSource, connection.Database, (connection as NpgsqlConnection)?.UserName, logs);
        if (_known.TryGetValue(key, out var known))
        {
            return known;
        }

        var command = connection.CreateCommand();
        await using var disposed = command.ConfigureAwait(false);
        command.CommandText = Ask;
        command.Transaction = transaction;
#pragma warning disable VSTHRD103 // The caller saves without waiting.
        var answer = async ? await command.ExecuteScalarAsync(cancellationToken) : command.ExecuteScalar();
#pragma warning restore VSTHRD103
        if (_known.Count >= MostKnown)
        {
            _known.Clear();
        }

        return _known[key] = answer is true;
    }
}
