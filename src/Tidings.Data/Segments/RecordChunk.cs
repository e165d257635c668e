namespace Tidings.Data.Segments;

/// <summary>Memory for records until they are on disk, used again and again. Under its owner's lock.</summary>
internal sealed class RecordChunk(int length)
{
    private readonly byte[] _buffer = new byte[length];
    private int _used;

    /// <summary>Records that are still needed.</summary>
    public int Pending { get; private set; }

    /// <summary>Copies a record into it.</summary>
    /// <returns>False where there is no room.</returns>
    public bool TryAdd(ReadOnlySpan<byte> record, out RecordBytes added)
    {
        if (Pending == 0)
        {
            _used = 0;
        }

        if (record.Length > _buffer.Length - _used)
        {
            added = default;
            return false;
        }

        added = new RecordBytes(_buffer, _used, record.Length);
        record.CopyTo(added.Span);
        _used += record.Length;
        Pending++;
        return true;
    }

    /// <summary>So many records are on disk.</summary>
    public void Release(int count) => Pending -= count;
}

/// <summary>The chunks of a journal. Under its lock.</summary>
internal sealed class RecordChunks
{
    private const int ChunkLength = 512 << 10;
    private const int MostFree = 8;

    private readonly Stack<RecordChunk> _free = [];
    private RecordChunk _current = new(ChunkLength);

    public (RecordBytes Record, RecordChunk? Chunk) Add(ReadOnlySpan<byte> record)
    {
        if (record.Length > ChunkLength / 2)
        {
            return (new RecordBytes(record.ToArray(), 0, record.Length), null);
        }

        if (!_current.TryAdd(record, out var added))
        {
            _current = _free.TryPop(out var free) ? free : new RecordChunk(ChunkLength);
            _current.TryAdd(record, out added);
        }

        return (added, _current);
    }

    public void Release(RecordChunk chunk, int count)
    {
        chunk.Release(count);
        if (chunk.Pending == 0 && chunk != _current && _free.Count < MostFree)
        {
            _free.Push(chunk);
        }
    }
}
