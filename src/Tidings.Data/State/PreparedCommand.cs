using Microsoft.Data.Sqlite;

namespace Tidings.Data.State;

/// <summary>A command that is given often: SQLite reads its text once. Belongs to the thread of its database.</summary>
/// <param name="text">Its text.</param>
/// <param name="parameters">The names of its parameters.</param>
internal sealed class PreparedCommand(string text, params string[] parameters) : IDisposable
{
    private SqliteCommand? _command;

    /// <summary>Runs it.</summary>
    /// <returns>How many rows it has changed.</returns>
    public int Run(SqliteConnection connection, params ReadOnlySpan<object> values) => Ready(connection, values).ExecuteNonQuery();

    /// <summary>Asks by it.</summary>
    public SqliteDataReader Query(SqliteConnection connection, params ReadOnlySpan<object> values) => Ready(connection, values).ExecuteReader();

    public void Dispose() => _command?.Dispose();

    private SqliteCommand Ready(SqliteConnection connection, ReadOnlySpan<object> values)
    {
        if (_command is null)
        {
            _command = StateDatabase.Command(connection, text);
            foreach (var parameter in parameters)
            {
                _command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
            }
        }

        // The transaction of the moment, which a new command has.
        using var current = connection.CreateCommand();
        _command.Transaction = current.Transaction;
        for (var i = 0; i < values.Length; i++)
        {
            _command.Parameters[i].Value = values[i];
        }

        return _command;
    }
}
