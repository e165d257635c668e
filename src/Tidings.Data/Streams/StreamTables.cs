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

    // Of each stream.
    private const int MostInMemory = 4 * 1024;

    private readonly PreparedCommand _head = new(
        "INSERT INTO streams (id, name, version, head) VALUES ($id, $name, $version, $head) ON CONFLICT (id) DO UPDATE SET version = excluded.version, head = excluded.head", "$id", "$name", "$version", "$head");

    private readonly PreparedCommand _chunk = new(
        "INSERT INTO chunks (stream, at, bytes) VALUES ($id, $at, $bytes) ON CONFLICT (stream, at) DO UPDATE SET bytes = excluded.bytes", "$id", "$at", "$bytes");

    private readonly PreparedCommand _read = new(
        "SELECT at, bytes FROM chunks WHERE stream = $id AND at >= coalesce((SELECT max(at) FROM chunks WHERE stream = $id AND at <= $from), 0) AND at < $end ORDER BY at", "$id", "$from", "$end");

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
        _head.Run(connection, id, name, head.Version, StreamHeadJson.Write(head));
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
        using var rows = _read.Query(connection, id, from, from + count);
        var read = new byte[count];
        var done = 0;
        while (done < count && rows.Read())
        {
            var row = rows.GetFieldValue<byte[]>(1).AsSpan((int)Math.Max(0, from - rows.GetInt64(0)));
            row = row[..Math.Min(row.Length, count - done)];
            row.CopyTo(read.AsSpan(done));
            done += row.Length;
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
        _head.Dispose();
        _chunk.Dispose();
        _read.Dispose();
    }

    // Into the last row as long as that is small. What is in memory of it stands in front.
    private DataStreamState Append(SqliteConnection connection, long id, DataStreamState? known, StreamHead head, ReadOnlyMemory<byte> bytes)
    {
        var row = known?.Row ?? 0;
        var before = known is null ? default : known.Last[^(int)Math.Min(known.Last.Length, known.Head.Length - row)..];
        ReadOnlyMemory<byte> all = before.IsEmpty ? bytes : (byte[])[.. before.Span, .. bytes.Span];
        var at = row;
        for (var rest = all; !rest.IsEmpty;)
        {
            var part = rest[..Math.Min(rest.Length, LargestRow)];
            _chunk.Run(connection, id, at, part.ToArray());
            row = at;
            at += part.Length;
            rest = rest[part.Length..];
        }

        if (at - row >= SmallRow)
        {
            row = at;
        }

        if (head.IsClosed)
        {
            return new DataStreamState(head, default, at);
        }

        // The row, and what a reader who keeps up still wants.
        ReadOnlyMemory<byte> seen = known is null ? bytes : (byte[])[.. known.Last.Span, .. bytes.Span];
        return new DataStreamState(head, seen.Length > MostInMemory || known is null ? seen[^Math.Min(seen.Length, MostInMemory)..].ToArray() : seen, row);
    }
}
