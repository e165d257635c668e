using Microsoft.Data.Sqlite;
using Tidings.Data.State;
using Tidings.Streams;

namespace Tidings.Data.Streams;

/// <summary>What is in <c>streams.db</c>, read beside the server that may have it.</summary>
/// <param name="Streams">How many streams there are.</param>
/// <param name="IsUnreadable">Whether the file as a whole cannot be read: a start stops at it.</param>
/// <param name="Damage">What is not as it was written, in words; empty where all is whole.</param>
internal readonly record struct StreamContents(long Streams, bool IsUnreadable, IReadOnlyList<string> Damage)
{
    public static StreamContents Read(string path)
    {
        if (!File.Exists(path))
        {
            return new StreamContents(0, false, []);
        }

        try
        {
            using var connection = StateDatabase.OpenToRead(path);
            if (StateDatabase.Ask(connection, "PRAGMA quick_check(1)") is not "ok")
            {
                return new StreamContents(0, true, [$"{path} is damaged"]);
            }

            // All of one moment.
            using var moment = connection.BeginTransaction(deferred: true);
            return ReadStreams(connection, path);
        }
        catch (SqliteException error)
        {
            return new StreamContents(0, true, [$"{path} cannot be read: {error.Message}"]);
        }
    }

    private static StreamContents ReadStreams(SqliteConnection connection, string path)
    {
        var count = 0L;
        List<string> damage = [];
        using var command = StateDatabase.Command(
            connection,
            """
            SELECT s.name, s.version, s.head, coalesce(sum(length(c.bytes)), 0), coalesce(max(c.at + length(c.bytes)), 0)
            FROM streams s LEFT JOIN chunks c ON c.stream = s.id GROUP BY s.id ORDER BY s.id
            """);
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            count++;
            var (name, bytes, end) = (rows.GetString(0), rows.GetInt64(3), rows.GetInt64(4));
            if (StreamHeadJson.Read(rows.GetFieldValue<byte[]>(2), rows.GetInt64(1)) is not { } head)
            {
                damage.Add($"{path} has a stream {name} whose head cannot be read");
            }
            else if (bytes != head.Length || end != head.Length)
            {
                damage.Add($"{path} has of the stream {name} {bytes} bytes up to {end} in the place of {head.Length}");
            }
        }

        return new StreamContents(count, false, damage);
    }
}
