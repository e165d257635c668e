using Microsoft.Data.Sqlite;
using Tidings.Events;

namespace Tidings.Data.State;

/// <summary>The tables of events.</summary>
internal static class EventTables
{
    private const string Tables = """
        CREATE TABLE IF NOT EXISTS event_queue (receiver TEXT NOT NULL, place INTEGER NOT NULL, event BLOB NOT NULL, PRIMARY KEY (receiver, place)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS event_state (receiver TEXT PRIMARY KEY, next INTEGER NOT NULL, trimmed INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS event_held (key TEXT PRIMARY KEY, receivers TEXT NOT NULL, will BLOB NOT NULL) WITHOUT ROWID;
        """;

    /// <summary>Makes them where they are missing.</summary>
    public static void Create(SqliteConnection connection) => StateDatabase.Run(connection, Tables);

    public static void Add(SqliteConnection connection, string receiver, long place, byte[] json) => StateDatabase.Run(
        connection, "INSERT INTO event_queue (receiver, place, event) VALUES ($receiver, $place, $event)", ("$receiver", receiver), ("$place", place), ("$event", json));

    public static void Trim(SqliteConnection connection, string receiver, long more) => StateDatabase.Run(
        connection, "UPDATE event_state SET trimmed = MAX(0, trimmed + $more) WHERE receiver = $receiver", ("$more", more), ("$receiver", receiver));

    public static int Clear(SqliteConnection connection, string receiver) =>
        StateDatabase.Run(connection, "DELETE FROM event_queue WHERE receiver = $receiver", ("$receiver", receiver));

    public static void SaveHeld(SqliteConnection connection, string key, (string Receivers, byte[] Json)? will) => _ = will is { } kept
        ? StateDatabase.Run(connection, "INSERT OR REPLACE INTO event_held (key, receivers, will) VALUES ($key, $receivers, $will)", ("$key", key), ("$receivers", kept.Receivers), ("$will", kept.Json))
        : StateDatabase.Run(connection, "DELETE FROM event_held WHERE key = $key", ("$key", key));

    public static IEnumerable<(string Key, string Receivers, byte[] Will)> ReadHeld(SqliteConnection connection)
    {
        using var command = StateDatabase.Command(connection, "SELECT key, receivers, will FROM event_held");
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            yield return (rows.GetString(0), rows.GetString(1), rows.GetFieldValue<byte[]>(2));
        }
    }

    /// <summary>Fills a queue with what waited when the process before ended.</summary>
    public static void Load(SqliteConnection connection, EventQueue queue, string receiver)
    {
        using (var state = StateDatabase.Command(connection, "SELECT next, trimmed FROM event_state WHERE receiver = $receiver", ("$receiver", receiver)))
        using (var row = state.ExecuteReader())
        {
            if (row.Read())
            {
                queue.Trimmed = row.GetInt64(1);
                queue.GoOn(row.GetInt64(0));
            }
        }

        // From the beginning of those that are still there: the places between are free.
        using var command = StateDatabase.Command(connection, "SELECT place, event FROM event_queue WHERE receiver = $receiver ORDER BY place", ("$receiver", receiver));
        using var rows = command.ExecuteReader();
        var (next, first) = (queue.Next, true);
        while (rows.Read())
        {
            var place = rows.GetInt64(0);
            if (first)
            {
                queue.GoOn(place);
                first = false;
            }

            queue.SkipTo(place);
            queue.Add(rows.GetFieldValue<byte[]>(1));
        }

        queue.SkipTo(next);
    }

    public static void Delete(SqliteConnection connection, string receiver, IEnumerable<long> places)
    {
        foreach (var place in places)
        {
            StateDatabase.Run(connection, "DELETE FROM event_queue WHERE receiver = $receiver AND place = $place", ("$receiver", receiver), ("$place", place));
        }
    }

    /// <summary>Deletes events of erased messages, also those of receivers that are not told any more.</summary>
    public static int Erase(SqliteConnection connection, ErasedMessages erased)
    {
        List<(string Receiver, long Place)> found = [];
        using (var command = StateDatabase.Command(connection, "SELECT receiver, place, event FROM event_queue"))
        using (var rows = command.ExecuteReader())
        {
            while (rows.Read())
            {
                if (QueuedEvent.Read(default, rows.GetFieldValue<byte[]>(2)) is { } one && erased.Has(one))
                {
                    found.Add((rows.GetString(0), rows.GetInt64(1)));
                }
            }
        }

        found.ForEach(one => Delete(connection, one.Receiver, [one.Place]));
        return found.Count;
    }

    public static void SaveState(SqliteConnection connection, string receiver, long next, long trimmed) => StateDatabase.Run(
        connection, "INSERT OR REPLACE INTO event_state (receiver, next, trimmed) VALUES ($receiver, $next, $trimmed)", ("$receiver", receiver), ("$next", next), ("$trimmed", trimmed));
}
