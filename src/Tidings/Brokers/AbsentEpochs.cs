using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Tidings.Brokers;

/// <summary>The epochs of logs that are absent: the same for all who ask, taken by the log's first message, and never used again for a name that was
/// forgotten. Nothing is kept for a name that is only asked for. Safe from any thread.</summary>
/// <remarks>An epoch follows from a secret and how often the name was forgotten. Forgotten names leave four bytes each; where they are
/// too many, the names that share a bucket with them get other epochs together.</remarks>
/// <param name="secret">What the names are hashed with, as long as the marks are kept.</param>
/// <param name="epochs">What epochs follow from: another one makes all of them new.</param>
internal sealed class AbsentEpochs(byte[] secret, byte[] epochs)
{
    private const int Buckets = 4096;
    private const int MostMarks = 64;

    private readonly Lock _gate = new();
    private readonly Bucket[] _buckets = new Bucket[Buckets];
    private readonly string _first = Derive(epochs, 0);

    /// <summary>Those of one process.</summary>
    public AbsentEpochs()
        : this(RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes), RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes))
    {
    }

    /// <summary>The epoch that the log has from its first message on.</summary>
    public string Of(string name) => EpochOf(BirthOf(name));

    /// <summary>The epoch of a log with this birth.</summary>
    public string EpochOf(ulong birth) => birth == 0 ? _first : Derive(epochs, birth);

    /// <summary>What tells the log from those that the name had before; never less than theirs.</summary>
    public ulong BirthOf(string name)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(name, hash);
        lock (_gate)
        {
            ref var bucket = ref BucketOf(hash);
            return ((ulong)(uint)bucket.Turn << 32) | (uint)bucket.Marks.AsSpan(0, bucket.Count).Count(MarkOf(hash));
        }
    }

    /// <summary>The log is forgotten. Before anybody can find that it is absent.</summary>
    public void Forget(string name)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(name, hash);
        lock (_gate)
        {
            ref var bucket = ref BucketOf(hash);
            if (bucket.Count == MostMarks)
            {
                bucket = new Bucket { Turn = bucket.Turn + 1 };
                return;
            }

            if (bucket.Marks is null || bucket.Count == bucket.Marks.Length)
            {
                Array.Resize(ref bucket.Marks, Math.Max(4, 2 * bucket.Count));
            }

            bucket.Marks[bucket.Count++] = MarkOf(hash);
        }
    }

    /// <summary>The marks of forgotten names, to be kept; empty where there are none.</summary>
    public byte[] Save()
    {
        using var buffer = new MemoryStream();
        using var writer = new BinaryWriter(buffer);
        lock (_gate)
        {
            for (var i = 0; i < Buckets; i++)
            {
                ref var bucket = ref _buckets[i];
                if (bucket.Turn == 0 && bucket.Count == 0)
                {
                    continue;
                }

                writer.Write((ushort)i);
                writer.Write(bucket.Turn);
                writer.Write((byte)bucket.Count);
                writer.Write(MemoryMarshal.AsBytes(bucket.Marks.AsSpan(0, bucket.Count)));
            }
        }

        writer.Flush();
        return buffer.ToArray();
    }

    /// <summary>Takes the marks that were kept, in the place of what is there.</summary>
    /// <exception cref="EndOfStreamException">They are cut off.</exception>
    public void Load(byte[] saved)
    {
        using var reader = new BinaryReader(new MemoryStream(saved));
        lock (_gate)
        {
            Array.Clear(_buckets);
            while (reader.BaseStream.Position < saved.Length)
            {
                ref var bucket = ref _buckets[reader.ReadUInt16() % Buckets];
                bucket.Turn = reader.ReadInt32();
                bucket.Count = Math.Min(reader.ReadByte(), (byte)MostMarks);
                bucket.Marks = new uint[bucket.Count];
                for (var i = 0; i < bucket.Count; i++)
                {
                    bucket.Marks[i] = reader.ReadUInt32();
                }
            }
        }
    }

    private static string Derive(byte[] epochs, ulong birth)
    {
        Span<byte> input = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(input, birth);
        return Convert.ToHexStringLower(HMACSHA256.HashData(epochs, input).AsSpan(0, 8));
    }

    private void Hash(string name, Span<byte> hash) => HMACSHA256.HashData(secret, MemoryMarshal.AsBytes(name.AsSpan()), hash);

    private ref Bucket BucketOf(ReadOnlySpan<byte> hash) => ref _buckets[BinaryPrimitives.ReadUInt16LittleEndian(hash) % Buckets];

    private static uint MarkOf(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt32LittleEndian(hash[sizeof(ushort)..]);

    private struct Bucket
    {
        public int Turn;
        public int Count;
        public uint[]? Marks;
    }
}
