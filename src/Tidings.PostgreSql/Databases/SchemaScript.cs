using System.Text;
using Npgsql;
using Tidings.Brokers;

namespace Tidings.PostgreSql.Databases;

/// <summary>The schema <c>tidings</c>: made by the first node, or by somebody who may.</summary>
/// <remarks>A version only adds to the one before: nodes of both run side by side. <c>oldest</c> says which nodes may still use it.</remarks>
internal static class SchemaScript
{
    /// <summary>The version that this node makes and needs.</summary>
    public const int Version = 1;

    // Of each version the files that lead to it.
    private static readonly string[][] s_files = [["000-names.sql", "001-logs.sql", "002-nodes.sql", "003-events.sql", "004-streams.sql"]];

    /// <summary>All that makes the schema, for whoever runs it by hand.</summary>
    /// <param name="role">The role of the nodes, where it is not the one that runs it; or null.</param>
    /// <param name="publisher">A role that may publish and nothing else, or null.</param>
    public static string Print(string? role, string? publisher)
    {
        var text = new StringBuilder("-- The schema of Tidings, version 1. It runs as a whole or not at all.\nBEGIN;\n").Append(From(0)).Append(Grants(role, publisher));
        return text.Append("COMMIT;\n").ToString();
    }

    /// <summary>What lets other roles use the schema.</summary>
    public static string Grants(string? role, string? publisher)
    {
        var text = new StringBuilder();
        if (role is not null)
        {
            var name = Quote(role);
            foreach (var right in (string[])
            [
                "USAGE ON SCHEMA tidings", "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tidings", "USAGE, SELECT ON ALL SEQUENCES IN SCHEMA tidings", "EXECUTE ON ALL FUNCTIONS IN SCHEMA tidings",
            ])
            {
                text.Append("GRANT ").Append(right).Append(" TO ").Append(name).Append(";\n");
            }
        }

        if (publisher is not null)
        {
            var name = Quote(publisher);
            text.Append("GRANT USAGE ON SCHEMA tidings TO ").Append(name).Append(";\n");
            foreach (var type in (string[])["text", "json", "jsonb"])
            {
                text.Append("GRANT EXECUTE ON FUNCTION tidings.publish(text, ").Append(type).Append(", text, text, boolean, text) TO ").Append(name).Append(";\n");
            }

            text.Append("GRANT EXECUTE ON FUNCTION tidings.publish_rows_1(text, text[], text[], bytea[], bytea[]), tidings.waiting_1(text) TO ").Append(name).Append(";\n");
        }

        return text.ToString();
    }

    /// <summary>Makes sure that the schema is there, and is one that this node understands.</summary>
    /// <exception cref="BrokerUnavailableException">It is not, and cannot be made here.</exception>
    public static async Task EnsureAsync(NpgsqlConnection connection)
    {
        if (await FindAsync(connection).ConfigureAwait(false) is not { } found)
        {
            await MakeAsync(connection).ConfigureAwait(false);
            return;
        }

        if (found.Oldest > Version)
        {
            throw new BrokerUnavailableException($"The schema tidings is of version {found.Version}, which nodes of version {found.Oldest} or newer may use; this node knows version {Version}. Start a newer one.");
        }

        if (found.Version < Version)
        {
            await MakeAsync(connection).ConfigureAwait(false);
        }
    }

    /// <summary>The version of the schema, and of the oldest nodes that may use it; null where there is none.</summary>
    public static async Task<(int Version, int Oldest)?> FindAsync(NpgsqlConnection connection)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT version, oldest FROM tidings.cluster";
        try
        {
            await using var row = await command.ExecuteReaderAsync().ConfigureAwait(false);
            return await row.ReadAsync().ConfigureAwait(false) ? (row.GetInt32(0), row.GetInt32(1)) : null;
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            return null;
        }
    }

    private static async Task MakeAsync(NpgsqlConnection connection)
    {
        await using var transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        try
        {
            // Of several nodes that start together one makes it; the others find it.
            await RunAsync(connection, "SELECT pg_advisory_xact_lock(1953064041, 0)").ConfigureAwait(false);
            var version = await LookAsync(connection).ConfigureAwait(false);
            if (version < Version)
            {
                await RunAsync(connection, From(version)).ConfigureAwait(false);
            }

            await transaction.CommitAsync().ConfigureAwait(false);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new BrokerUnavailableException("The database has no schema tidings that this node knows, and the role may not make it: whoever may runs what tidings postgres init --print prints.", error);
        }
    }

    private static async Task<int> LookAsync(NpgsqlConnection connection)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT to_regclass('tidings.cluster') IS NOT NULL";
        if (await command.ExecuteScalarAsync().ConfigureAwait(false) is not true)
        {
            return 0;
        }

        command.CommandText = "SELECT version FROM tidings.cluster";
        return await command.ExecuteScalarAsync().ConfigureAwait(false) is int version ? version : 0;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string text)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // It is a part of this assembly.
        command.CommandText = text;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }

    private static string From(int version)
    {
        var text = new StringBuilder();
        if (version == 0)
        {
            text.Append("CREATE SCHEMA IF NOT EXISTS tidings;\n");
        }

        foreach (var file in s_files[version..].SelectMany(static files => files))
        {
            using var reader = new StreamReader(typeof(SchemaScript).Assembly.GetManifestResourceStream(file)!, Encoding.UTF8);
            text.Append(reader.ReadToEnd()).Append('\n');
        }

        text.Append("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tidings FROM PUBLIC;\n");
        text.Append(version > 0
            ? $"UPDATE tidings.cluster SET version = {Version};\n"
            : $"""
              INSERT INTO tidings.cluster (version, oldest, generation, system, relation, timeline, started, flushes)
                  SELECT {Version}, 1, encode(sha256(uuid_send(gen_random_uuid())), 'hex'), tidings.system_1(), 'tidings.cluster'::regclass, tidings.timeline_1(), pg_postmaster_start_time(), tidings.flushes_1();

              """);
        return text.ToString();
    }

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
