using System.Buffers;

namespace Tidings.Protocol.Compression;

/// <summary>A pooled array that grows up to a bound; what is written beyond that is counted and not kept. Its owner calls <see cref="Detach"/> or
/// <see cref="Return"/>, once.</summary>
/// <remarks>
/// It grows by four, and from a quarter of what is kept at once to all of it: while the bytes are copied, both arrays together
/// hold at most 1.25 times the bound (rounded up to a power of two, which is how the pool keeps its arrays).
/// </remarks>
internal struct InflateBuffer(InflateBounds bounds)
{
    private const int Smallest = 256;
    private const int Growth = 4;

    private byte[] _array = [];

    /// <summary>How many bytes were written.</summary>
    public int Length { get; set; }

    /// <summary>Whether more was written than is kept: the message itself is gone.</summary>
    public readonly bool IsDropped => Length > bounds.Keep;

    /// <summary>Room for more; empty only when the limit is reached.</summary>
    /// <param name="wanted">How much room a new array should have, where that is known.</param>
    /// <param name="free">The room.</param>
    /// <returns>False where memory may not grow.</returns>
    public bool TryFree(int wanted, out Span<byte> free)
    {
        if (Length == _array.Length && Length < bounds.Keep && !TryGrow(Math.Max(wanted, Length * (long)Growth)))
        {
            free = default;
            return false;
        }

        // Beyond what is kept the same bytes are written over and over.
        free = Length < bounds.Keep
            ? _array.AsSpan(Length, Math.Min(_array.Length, bounds.Keep) - Length)
            : _array.AsSpan(0, Math.Min(_array.Length, bounds.Limit - Length));
        return true;
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

    private bool TryGrow(long wanted)
    {
        wanted = Math.Max(wanted, Smallest);
        var larger = wanted > bounds.Keep / Growth ? bounds.Keep : (int)wanted;
        if (bounds.MayGrow is { } mayGrow && !mayGrow(larger - _array.Length))
        {
            return false;
        }

        var array = ArrayPool<byte>.Shared.Rent(larger);
        _array.AsSpan(0, Length).CopyTo(array);
        ArrayPool<byte>.Shared.Return(_array);
        _array = array;
        return true;
    }
}
