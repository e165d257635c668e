using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Tidings.Brokers;

/// <summary>The epochs of logs that are absent: the same for all who ask, taken by the log's first message, and never used again for a name that was
/// forgotten. Nothing is kept for a name that is only asked for. Safe from any thread.</summary>
/// <remarks>An epoch follows from a secret of the process and how often the name was forgotten. Forgotten names leave four bytes each; where they are
/// too many, the names that share a bucket with them get other epochs together.</remarks>
internal sealed class AbsentEpochs
{
    private const int Buckets = 4096;
    private const int MostMarks = 64;

    private readonly Lock _gate = new();
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);
    private readonly Bucket[] _buckets = new Bucket[Buckets];
    private readonly string _first;

    public AbsentEpochs() => _first = Derive(0, 0);

    /// <summary>The epoch that the log has from its first message on.</summary>
    public string Of(string name)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(name, hash);
        int turn, times;
        lock (_gate)
        {
            ref var bucket = ref BucketOf(hash);
            (turn, times) = (bucket.Turn, bucket.Marks.AsSpan(0, bucket.Count).Count(MarkOf(hash)));
        }

        return (turn, times) == (0, 0) ? _first : Derive(turn, times);
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

    private string Derive(int turn, int times)
    {
        Span<byte> input = stackalloc byte[2 * sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(input, turn);
        BinaryPrimitives.WriteInt32LittleEndian(input[sizeof(int)..], times);
        return Convert.ToHexStringLower(HMACSHA256.HashData(_secret, input).AsSpan(0, 8));
    }

    private void Hash(string name, Span<byte> hash) => HMACSHA256.HashData(_secret, MemoryMarshal.AsBytes(name.AsSpan()), hash);

    private ref Bucket BucketOf(ReadOnlySpan<byte> hash) => ref _buckets[BinaryPrimitives.ReadUInt16LittleEndian(hash) % Buckets];

    private static uint MarkOf(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt32LittleEndian(hash[sizeof(ushort)..]);

    private struct Bucket
    {
        public int Turn;
        public int Count;
        public uint[]? Marks;
    }
}
