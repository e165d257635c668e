using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Tidings.Data.State;

/// <summary>A statement that is run often: SQLite reads its text once, and nothing of ADO.NET stands between. Belongs to the thread of its database.</summary>
/// <param name="text">Its text, with parameters <c>?1</c>, <c>?2</c> and so on.</param>
internal sealed class PreparedStatement(string text) : IDisposable
{
    private sqlite3_stmt? _statement;
    private sqlite3? _handle;

    /// <summary>Begins a run: parameters come next, and then <see cref="Run"/>, or <see cref="Next"/> as long as there are rows and <see cref="End"/>.</summary>
    public PreparedStatement Begin(SqliteConnection connection)
    {
        if (_statement is null)
        {
            _handle = connection.Handle;
            Check(raw.sqlite3_prepare_v3(_handle, text, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
        }

        return this;
    }

    public PreparedStatement With(int parameter, long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, parameter, value));
        return this;
    }

    public PreparedStatement With(int parameter, string value)
    {
        Check(raw.sqlite3_bind_text(_statement, parameter, value));
        return this;
    }

    /// <param name="parameter">Its number.</param>
    /// <param name="value">At least one byte. SQLite keeps a copy.</param>
    public PreparedStatement With(int parameter, ReadOnlySpan<byte> value)
    {
        Check(raw.sqlite3_bind_blob(_statement, parameter, value));
        return this;
    }

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="SqliteException">It has failed, and with it the transaction.</exception>
    public void Run()
    {
        try
        {
            while (Next())
            {
            }
        }
        finally
        {
            End();
        }
    }

    /// <summary>Goes on to the next row.</summary>
    /// <returns>Whether there is one.</returns>
    public bool Next()
    {
        var step = raw.sqlite3_step(_statement);
        if (step is not (raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            Check(step);
        }

        return step == raw.SQLITE_ROW;
    }

    public long Number(int column) => raw.sqlite3_column_int64(_statement, column);

    /// <summary>Bytes of the row; they hold until the next one.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(_statement, column);

    /// <summary>Ends a run. What failed in it was told before.</summary>
    public void End() => raw.sqlite3_reset(_statement);

    public void Dispose() => _statement?.Dispose();

    private void Check(int answer) => SqliteException.ThrowExceptionForRC(answer, _handle);
}
