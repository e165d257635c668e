using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Tidings.Data.Files;

namespace Tidings.Data.Segments;

/// <summary>The file of a <see cref="SegmentList"/>: a header and entries of 32 bytes each, every one with a checksum over it and its place, then zeros up to the length it was made with.</summary>
internal sealed class SegmentListFile : IDisposable
{
    private const int EntryLength = 32;
    private const int CheckStart = 28;
    private const int SmallestLength = 64 << 10;
    private const int LargestLength = 64 << 20;

    private readonly SafeFileHandle _file;
    private readonly int _length;
    private int _end;
    private bool _isDoubtful;

    private SegmentListFile(SafeFileHandle file, int length, int end) => (_file, _length, _end) = (file, length, end);

    private static ReadOnlySpan<byte> Magic => "TIDLIST\n"u8;

    /// <summary>Makes it anew and puts it in the place of the former one; after that it is on disk.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static SegmentListFile Create(DataLayout layout, IReadOnlyCollection<ListedSegment> segments)
    {
        var (bytes, end) = Encode(segments);
        var unfinished = layout.SegmentList + DataLayout.UnfinishedEnding;
        SafeFileHandle? file = null;
        try
        {
            file = PrivateFile.Create(unfinished, bytes.Length);
            RandomAccess.Write(file, bytes, 0);
            RandomAccess.FlushToDisk(file);
            File.Move(unfinished, layout.SegmentList, overwrite: true);
            Unix.SyncDirectory(layout.Root);
            return new SegmentListFile(file, bytes.Length, end);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw new IOException($"The list of segments {layout.SegmentList} cannot be written: {error.Message}", error);
        }
    }

    /// <summary>What stands in the file, and where its last entry ends.</summary>
    public static (byte[] Bytes, int End) Encode(IReadOnlyCollection<ListedSegment> segments)
    {
        var bytes = new byte[Math.Max(SmallestLength, 4 * EntryLength * segments.Count)];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Manifest.Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), bytes.Length);
        Seal(bytes.AsSpan(0, EntryLength), 0);
        var end = EntryLength;
        foreach (var segment in segments.OrderBy(static one => one.Number))
        {
            Write(bytes.AsSpan(end, EntryLength), segment.End > 0 ? SegmentListEntry.Ended : SegmentListEntry.Added, segment, end);
            end += EntryLength;
        }

        return (bytes, end);
    }

    /// <returns>Null where there is none, or none that is whole.</returns>
    /// <exception cref="DataDirectoryException">A newer version wrote it.</exception>
    public static Dictionary<long, ListedSegment>? Read(DataLayout layout)
    {
        if (!File.Exists(layout.SegmentList) || new FileInfo(layout.SegmentList).Length > LargestLength)
        {
            return null;
        }

        var bytes = File.ReadAllBytes(layout.SegmentList);
        if (bytes.Length < EntryLength || !bytes.AsSpan().StartsWith(Magic) || !IsWhole(bytes, 0) || BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12)) != bytes.Length)
        {
            return null;
        }

        if (BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8)) is > Manifest.Version and var version)
        {
            throw new DataDirectoryException($"{layout.SegmentList} has format {version}, which a newer version of Tidings wrote; this one reads up to {Manifest.Version}. Start the newer version, or restore a backup of the older one.");
        }

        var segments = new Dictionary<long, ListedSegment>();
        for (var at = EntryLength; at + EntryLength <= bytes.Length; at += EntryLength)
        {
            var entry = bytes.AsSpan(at, EntryLength);
            if (!IsWhole(bytes, at))
            {
                return bytes.AsSpan(at).ContainsAnyExcept((byte)0) ? null : segments;
            }

            SegmentList.Apply(
                segments,
                (SegmentListEntry)BinaryPrimitives.ReadInt32LittleEndian(entry),
                new ListedSegment(BinaryPrimitives.ReadInt64LittleEndian(entry[8..]), BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]), BinaryPrimitives.ReadInt32LittleEndian(entry[16..])));
        }

        return segments;
    }

    /// <summary>Adds an entry; after that it is on disk.</summary>
    /// <returns>False where there is no room for it, or it is not known what became of the one before.</returns>
    /// <exception cref="IOException">It is not known whether it was written.</exception>
    public bool TryAppend(SegmentListEntry entry, ListedSegment segment)
    {
        if (_isDoubtful || _end + EntryLength > _length)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[EntryLength];
        Write(bytes, entry, segment, _end);
        _isDoubtful = true;
        RandomAccess.Write(_file, bytes, _end);
        RandomAccess.FlushToDisk(_file);
        _isDoubtful = false;
        _end += EntryLength;
        return true;
    }

    public void Dispose() => _file.Dispose();

    private static void Write(Span<byte> bytes, SegmentListEntry entry, ListedSegment segment, int position)
    {
        bytes.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)entry);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], segment.Id);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], segment.Number);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[16..], segment.End);
        Seal(bytes, position);
    }

    private static void Seal(Span<byte> bytes, int position) =>
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[CheckStart..], Crc32C.Of(0, position, bytes[..CheckStart]));

    private static bool IsWhole(ReadOnlySpan<byte> bytes, int at) =>
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[(at + CheckStart)..]) == Crc32C.Of(0, at, bytes.Slice(at, CheckStart));
}
