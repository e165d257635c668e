using Npgsql;

namespace Tidings.PostgreSql.Databases;

/// <summary>Values of a row that has been read: all of it is in memory, and nothing waits.</summary>
internal static class RowValues
{
#pragma warning disable VSTHRD103 // See above.
    public static bool IsNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column);

    public static byte[] Bytes(this NpgsqlDataReader row, int column) => row.GetFieldValue<byte[]>(column);

    /// <summary>An array; empty where there is none.</summary>
    public static T[] Array<T>(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? [] : row.GetFieldValue<T[]>(column);
#pragma warning restore VSTHRD103
}
