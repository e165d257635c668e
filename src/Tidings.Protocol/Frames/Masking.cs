using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Tidings.Protocol.Frames;

/// <summary>The XOR of RFC 6455 §5.3. Masking and unmasking are the same.</summary>
internal static class Masking
{
    /// <summary>Applies <paramref name="key"/>, whose first byte on the wire is its lowest, to all of <paramref name="data"/>.</summary>
    /// <returns>The key for the bytes that follow <paramref name="data"/>.</returns>
    public static uint Apply(Span<byte> data, uint key)
    {
        ref var start = ref MemoryMarshal.GetReference(data);
        var length = (nuint)data.Length;
        nuint i = 0;
        var word = BitConverter.IsLittleEndian ? key : BinaryPrimitives.ReverseEndianness(key);
        if (Vector128.IsHardwareAccelerated && length >= (nuint)Vector128<byte>.Count)
        {
            var words = Vector128.Create(word).AsByte();
            for (; i + (nuint)Vector128<byte>.Count <= length; i += (nuint)Vector128<byte>.Count)
            {
                (Vector128.LoadUnsafe(ref start, i) ^ words).StoreUnsafe(ref start, i);
            }
        }

        for (; i + sizeof(uint) <= length; i += sizeof(uint))
        {
            ref var at = ref Unsafe.Add(ref start, i);
            Unsafe.WriteUnaligned(ref at, Unsafe.ReadUnaligned<uint>(ref at) ^ word);
        }

        var rest = key;
        for (; i < length; i++)
        {
            Unsafe.Add(ref start, i) ^= (byte)rest;
            rest = BitOperations.RotateRight(rest, 8);
        }

        return BitOperations.RotateRight(key, 8 * (int)(length & 3));
    }
}
