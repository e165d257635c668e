using Npgsql;
using Tidings.Brokers;

namespace Tidings.PostgreSql.Databases;

/// <summary>The few connections that a node has. Each is made fit for it before anybody uses it. Safe from any thread.</summary>
internal sealed class PostgreSqlDatabase : IAsyncDisposable
{
    /// <summary>The most connections of a node: one that follows the news, one that publishes, one that says who is there, and two for all else.</summary>
    public const int MostConnections = 5;

    /// <summary>How long an answer may take.</summary>
    public static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(10);

    private const int OldestServer = 140000;

    // Whatever a role or database has set: nothing here stays in a transaction, waits for long, or reads more than it sees. A plan that reads a whole table because it was small would be kept.
    private const string Settings = """
        SELECT set_config('jit', 'off', false), set_config('lock_timeout', '8s', false), set_config('idle_in_transaction_session_timeout', '0', false),
            set_config('idle_session_timeout', '0', false), set_config('default_transaction_isolation', 'read committed', false), set_config('search_path', 'pg_catalog', false),
            set_config('plan_cache_mode', 'auto', false), set_config('enable_seqscan', 'off', false), set_config('row_security', 'on', false), set_config('bytea_output', 'hex', false)
        """;

    private readonly NpgsqlDataSource _source;

    public PostgreSqlDatabase(string connectionString, string node)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        var text = builder.ConnectionStringBuilder;
        text.Pooling = true;
        text.MaxPoolSize = MostConnections;
        text.MinPoolSize = 0;
        text.Enlist = false;
        text.Multiplexing = false;
        text.NoResetOnClose = true;
        text.Timeout = 5;
        text.CommandTimeout = (int)LongestAnswer.TotalSeconds;
        text.CancellationTimeout = 500;
        text.MaxAutoPrepare = 50;
        text.AutoPrepareMinUsages = 2;
        text.TcpKeepAlive = true;
        text.TcpKeepAliveTime = 10;
        text.TcpKeepAliveInterval = 2;
        text.ConnectionIdleLifetime = 60;
        text.IncludeErrorDetail = false;

        // From the first statement on: what a role has set may leave no time for any.
        text.Options = $"-c statement_timeout=8000 {text.Options}".TrimEnd();
        if (string.IsNullOrEmpty(text.ApplicationName))
        {
            text.ApplicationName = $"tidings {node}";
        }

        (Host, Name) = (text.Host!, text.Database ?? text.Username ?? "");
        builder.UsePhysicalConnectionInitializer(static _ => throw new NotSupportedException("Connections are opened asynchronously."), PrepareAsync);
        _source = Host.Contains(',', StringComparison.Ordinal) ? builder.BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary) : builder.Build();
    }

    /// <summary>Where it is, for people.</summary>
    public string Host { get; }

    public string Name { get; }

    /// <summary>A connection, which goes back when it is disposed.</summary>
    /// <exception cref="BrokerUnavailableException">There is none in time, or the server is none that can be used.</exception>
    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (PostgreSqlFault.Is(error))
        {
            throw PostgreSqlFault.Translate(error);
        }
    }

    /// <summary>Closes those that are not in use, so that none of them outlives a server that has gone.</summary>
    public void Forget() => _source.Clear();

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private static async Task PrepareAsync(NpgsqlConnection connection)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = $"{Settings}, current_setting('server_version_num')::int, current_setting('server_version'), current_setting('server_encoding'), pg_is_in_recovery(), current_database()";
        await using var row = await command.ExecuteReaderAsync().ConfigureAwait(false);
        await row.ReadAsync().ConfigureAwait(false);
        var (version, shown, encoding, isReplica, name) = (row.GetInt32(10), row.GetString(11), row.GetString(12), row.GetBoolean(13), row.GetString(14));
        if (FaultOf(version, shown, encoding, isReplica, name) is { } fault)
        {
            throw new BrokerUnavailableException(fault);
        }
    }

    /// <summary>Why a server or database cannot be used; null where it can.</summary>
    public static string? FaultOf(int version, string shown, string encoding, bool isReplica, string name) =>
        version < OldestServer ? $"The server is PostgreSQL {shown}; 14 is the oldest that can be used."
        : encoding != "UTF8" ? $"The database {name} has the encoding {encoding}; it must be UTF8, as CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0 makes it."
        : isReplica ? "The server is a replica, which takes no writes: name the primary, or all of them separated by commas (Host=one,two)."
        : null;
}
