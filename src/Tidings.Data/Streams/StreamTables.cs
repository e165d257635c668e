using Microsoft.Data.Sqlite;
using Tidings.Data.State;
using Tidings.Streams;

namespace Tidings.Data.Streams;

/// <summary>Streams as rows: their heads, and their bytes in rows that begin where the one before ends. Belongs to the thread of its database.</summary>
internal sealed class StreamTables : IDisposable
{
    // A row grows as long as it stands in its page of 4 KB as a whole, with others beside it: what is larger would be moved to pages of its own each time.
    private const int SmallRow = 768;

    // What comes in larger parts is cut into rows of this size.
    private const int LargestRow = 64 * 1024;

    private readonly PreparedStatement _insert = new("INSERT INTO streams (id, name, version, head) VALUES (?1, ?2, ?3, ?4)");
    private readonly PreparedStatement _update = new("UPDATE streams SET version = ?2, head = ?3 WHERE id = ?1");
    private readonly PreparedStatement _chunk = new("INSERT INTO chunks (stream, at, bytes) VALUES (?1, ?2, ?3) ON CONFLICT (stream, at) DO UPDATE SET bytes = excluded.bytes");
    private readonly PreparedStatement _read = new(
        "SELECT at, bytes FROM chunks WHERE stream = ?1 AND at >= coalesce((SELECT max(at) FROM chunks WHERE stream = ?1 AND at <= ?2), 0) AND at < ?3 ORDER BY at");

    public static IEnumerable<(long Id, string Name, StreamHead Head)> List(SqliteConnection connection)
    {
        using var command = StateDatabase.Command(connection, "SELECT id, name, version, head FROM streams");
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            if (StreamHeadJson.Read(rows.GetFieldValue<byte[]>(3), rows.GetInt64(2)) is { } head)
            {
                yield return (rows.GetInt64(0), rows.GetString(1), head);
            }
        }
    }

    /// <returns>The stream then.</returns>
    public DataStreamState Write(SqliteConnection connection, long id, string name, DataStreamState? known, StreamHead head, ReadOnlyMemory<byte> bytes)
    {
        if (known is null)
        {
            _insert.Begin(connection).With(1, id).With(2, name).With(3, head.Version).With(4, StreamHeadJson.Write(head)).Run();
        }
        else
        {
            _update.Begin(connection).With(1, id).With(2, head.Version).With(3, StreamHeadJson.Write(head)).Run();
        }

        if (head.IsGone && known is { Head.Length: > 0 })
        {
            StateDatabase.Run(connection, "DELETE FROM chunks WHERE stream = $id", ("$id", id));
        }

        return known is not null && bytes.IsEmpty
            ? head.Length == known.Head.Length && !head.IsClosed ? known with { Head = head } : new DataStreamState(head, default, head.Length)
            : Append(connection, id, known, head, bytes);
    }

    public byte[] Read(SqliteConnection connection, long id, long from, int count)
    {
        var read = new byte[count];
        var done = 0;
        _read.Begin(connection).With(1, id).With(2, from).With(3, from + count);
        try
        {
            while (done < count && _read.Next())
            {
                var row = _read.Bytes(1)[(int)Math.Max(0, from - _read.Number(0))..];
                row = row[..Math.Min(row.Length, count - done)];
                row.CopyTo(read.AsSpan(done));
                done += row.Length;
            }
        }
        finally
        {
            _read.End();
        }

        return done == count ? read : [];
    }

    public static int Remove(SqliteConnection connection, long id)
    {
        StateDatabase.Run(connection, "DELETE FROM chunks WHERE stream = $id", ("$id", id));
        return StateDatabase.Run(connection, "DELETE FROM streams WHERE id = $id", ("$id", id));
    }

    public void Dispose()
    {
        _insert.Dispose();
        _update.Dispose();
        _chunk.Dispose();
        _read.Dispose();
    }

    // Into the last row as long as that is small. What is in memory of it stands in front.
    private DataStreamState Append(SqliteConnection connection, long id, DataStreamState? known, StreamHead head, ReadOnlyMemory<byte> bytes)
    {
        var row = known?.Row ?? 0;
        var before = (int)Math.Min(known?.Last.Length ?? 0, (known?.Head.Length ?? 0) - row);
        var tail = StreamTail.Append(known?.Last ?? default, bytes.Span);
        var all = before == 0 ? bytes : before + bytes.Length <= tail.Length ? tail[^(before + bytes.Length)..] : (byte[])[.. known!.Last.Span[^before..], .. bytes.Span];
        var at = row;
        for (var rest = all.Span; !rest.IsEmpty;)
        {
            var part = rest[..Math.Min(rest.Length, LargestRow)];
            _chunk.Begin(connection).With(1, id).With(2, at).With(3, part).Run();
            row = at;
            at += part.Length;
            rest = rest[part.Length..];
        }

        if (at - row >= SmallRow)
        {
            row = at;
        }

        return head.IsClosed ? new DataStreamState(head, default, at) : new DataStreamState(head, tail, row);
    }
}
