using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Tidings.Data.Files;

namespace Tidings.Data.Segments;

/// <summary>A file of records. One writer appends; any thread reads what was written, for as long as it has the file pinned.</summary>
internal sealed class Segment
{
    public const int HeaderLength = 32;

    private const int CheckStart = 28;

    private readonly SafeFileHandle _file;
    private int _pins = 1;
    private int _end;

    private Segment(SafeFileHandle file, string path, long number, uint id, int capacity)
    {
        (_file, Path, Number, Id, Capacity) = (file, path, number, id, capacity);
        _end = Confirmed = HeaderLength;
    }

    private static ReadOnlySpan<byte> Magic => "TIDSEG\r\n"u8;

    public string Path { get; }

    public long Number { get; }

    /// <summary>What tells it from any other file of its number.</summary>
    public uint Id { get; }

    /// <summary>How long the file was made: room that is taken before anything is written.</summary>
    public int Capacity { get; }

    /// <summary>Where the next record goes.</summary>
    public int End
    {
        get => Volatile.Read(ref _end);
        set => Volatile.Write(ref _end, value);
    }

    /// <summary>What was on disk when it was last synced.</summary>
    public int Confirmed { get; set; }

    /// <summary>Until when an idempotency key is remembered that stands in it.</summary>
    public long KeysUntil { get; set; }

    /// <summary>Whether it has bytes of messages that were erased, and is to be written anew without them.</summary>
    public bool HoldsErased { get; set; }

    /// <summary>Whether it was taken away.</summary>
    public bool IsGone { get; set; }

    /// <summary>How many records are in it.</summary>
    public long Records { get; set; }

    /// <summary>Whether more can be written to it: it has its room, and no end.</summary>
    public bool IsOpen { get; set; }

    public long FileLength => RandomAccess.GetLength(_file);

    /// <summary>Makes an empty segment, with its room taken; after that it, its name and its place in the list are on disk.</summary>
    /// <exception cref="IOException">There is no room, or the directory cannot be written.</exception>
    public static Segment Create(DataLayout layout, SegmentList list, long number, int capacity)
    {
        var (path, unfinished) = (layout.Segment(number), layout.Segment(number) + DataLayout.UnfinishedEnding);
        SafeFileHandle? file = null;
        var isNamed = false;
        try
        {
            file = PrivateFile.Create(unfinished, capacity);
            RandomAccess.SetLength(file, capacity);
            var id = BinaryPrimitives.ReadUInt32LittleEndian(RandomNumberGenerator.GetBytes(sizeof(uint)));
            Span<byte> header = stackalloc byte[HeaderLength];
            header.Clear();
            Magic.CopyTo(header);
            BinaryPrimitives.WriteInt32LittleEndian(header[8..], Manifest.Version);
            BinaryPrimitives.WriteInt64LittleEndian(header[12..], number);
            BinaryPrimitives.WriteInt32LittleEndian(header[20..], capacity);
            BinaryPrimitives.WriteUInt32LittleEndian(header[24..], id);
            BinaryPrimitives.WriteUInt32LittleEndian(header[CheckStart..], Crc32C.Of(header[..CheckStart]));
            RandomAccess.Write(file, header, 0);
            RandomAccess.FlushToDisk(file);
            File.Move(unfinished, path);
            isNamed = true;
            Unix.SyncDirectory(layout.Logs);
            var segment = new Segment(file, path, number, id, capacity);
            list.Add(segment);
            return segment;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            TryDelete(isNamed ? path : unfinished);
            throw new IOException($"The segment {path} cannot be made: {error.Message}", error);
        }
    }

    /// <summary>Opens a segment that is there.</summary>
    /// <returns>Null where it does not begin as one.</returns>
    /// <exception cref="DataDirectoryException">A newer version wrote it.</exception>
    public static Segment? Open(DataLayout layout, long number, bool writable)
    {
        var path = layout.Segment(number);
        var file = File.OpenHandle(path, FileMode.Open, writable ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> header = stackalloc byte[HeaderLength];
        if (RandomAccess.Read(file, header, 0) < HeaderLength || !header.StartsWith(Magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(header[CheckStart..]) != Crc32C.Of(header[..CheckStart])
            || BinaryPrimitives.ReadInt64LittleEndian(header[12..]) != number)
        {
            file.Dispose();
            return null;
        }

        if (BinaryPrimitives.ReadInt32LittleEndian(header[8..]) is > Manifest.Version and var version)
        {
            file.Dispose();
            throw new DataDirectoryException($"{path} has format {version}, which a newer version of Tidings wrote; this one reads up to {Manifest.Version}. Start the newer version, or restore a backup of the older one.");
        }

        return new Segment(file, path, number, BinaryPrimitives.ReadUInt32LittleEndian(header[24..]), BinaryPrimitives.ReadInt32LittleEndian(header[20..]));
    }

    /// <summary>Writes a sealed record at the end, without moving it.</summary>
    public void Write(ReadOnlySpan<byte> record, int position)
    {
        if (!Unix.TryWrite(_file, record, position))
        {
            RandomAccess.Write(_file, record, position);
        }
    }

    public int Read(Span<byte> target, int position) => RandomAccess.Read(_file, target, position);

    /// <summary>Waits until what was written is on disk.</summary>
    /// <exception cref="IOException">Nothing that was written since the last time counts as written.</exception>
    public void Sync() => RandomAccess.FlushToDisk(_file);

    public void SetLength(long length) => RandomAccess.SetLength(_file, length);

    /// <summary>Ends it: an end is written, and the room behind it given back.</summary>
    public void Close()
    {
        var end = Record.Of(RecordType.End, default);
        Record.Seal(end.Span, Number, End, 0);
        Write(end.Span, End);
        SetLength(End + end.Length);
        Sync();
    }

    /// <summary>Keeps it readable until <see cref="Unpin"/>.</summary>
    /// <returns>False where it has gone.</returns>
    public bool TryPin()
    {
        for (var pins = Volatile.Read(ref _pins); pins > 0;)
        {
            var found = Interlocked.CompareExchange(ref _pins, pins + 1, pins);
            if (found == pins)
            {
                return true;
            }

            pins = found;
        }

        return false;
    }

    /// <summary>The last to unpin closes the file: its maker is one.</summary>
    public void Unpin()
    {
        if (Interlocked.Decrement(ref _pins) == 0)
        {
            _file.Dispose();
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next start has it made anew.
        }
    }
}
