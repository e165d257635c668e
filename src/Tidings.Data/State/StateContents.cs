using Microsoft.Data.Sqlite;

namespace Tidings.Data.State;

/// <summary>What is in <c>state.db</c>, read beside the server that may have it.</summary>
/// <param name="Tasks">How many tasks there are.</param>
/// <param name="Revocations">How many users and tokens are revoked.</param>
/// <param name="Damage">What is wrong with the file; null where nothing is.</param>
internal readonly record struct StateContents(long Tasks, long Revocations, string? Damage)
{
    public static StateContents Read(string path)
    {
        if (!File.Exists(path))
        {
            return default;
        }

        try
        {
            using var connection = StateDatabase.OpenToRead(path);
            return StateDatabase.Ask(connection, "PRAGMA quick_check(1)") is not "ok"
                ? new StateContents(0, 0, $"{path} is damaged")
                : new StateContents((long)StateDatabase.Ask(connection, "SELECT count(*) FROM tasks")!, (long)StateDatabase.Ask(connection, "SELECT count(*) FROM revoked WHERE kind < 2")!, null);
        }
        catch (SqliteException error)
        {
            return new StateContents(0, 0, $"{path} cannot be read: {error.Message}");
        }
    }
}
