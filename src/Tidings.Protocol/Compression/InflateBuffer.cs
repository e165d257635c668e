using System.Buffers;

namespace Tidings.Protocol.Compression;

/// <summary>A pooled array that grows up to a limit. Its owner calls <see cref="Detach"/> or <see cref="Return"/>, once.</summary>
/// <remarks>
/// It grows by four, and from a quarter of the limit at once to all of it: while the bytes are copied, both arrays together
/// hold at most 1.25 times the limit (rounded up to a power of two, which is how the pool keeps its arrays).
/// </remarks>
internal struct InflateBuffer(int limit, int first)
{
    private const int Smallest = 256;
    private const int Growth = 4;

    private byte[] _array = Rent(limit, Math.Max(first, Smallest));

    /// <summary>How many bytes are in use.</summary>
    public int Length { get; set; }

    /// <summary>Room for more; empty only when the limit is reached.</summary>
    public Span<byte> Free()
    {
        if (Length == _array.Length && Length < limit)
        {
            byte[] larger = Rent(limit, Length * (long)Growth);
            _array.AsSpan(0, Length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_array);
            _array = larger;
        }

        return _array.AsSpan(Length, Math.Min(_array.Length, limit) - Length);
    }

    /// <summary>Hands the array to a new owner.</summary>
    public byte[] Detach()
    {
        byte[] array = _array;
        _array = [];
        return array;
    }

    /// <summary>Gives the array back to the pool; nothing after <see cref="Detach"/>.</summary>
    public void Return() => ArrayPool<byte>.Shared.Return(Detach());

    private static byte[] Rent(int limit, long wanted) =>
        ArrayPool<byte>.Shared.Rent(wanted > limit / Growth ? limit : (int)wanted);
}
