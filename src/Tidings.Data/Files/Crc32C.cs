using System.Buffers.Binary;
using System.Numerics;

namespace Tidings.Data.Files;

/// <summary>The checksum of all files: CRC-32C, which processors compute eight bytes at a time.</summary>
internal static class Crc32C
{
    private const uint Seed = uint.MaxValue;

    public static uint Of(ReadOnlySpan<byte> bytes) => ~Add(Seed, bytes);

    /// <summary>The same of what stands at one place of one file: nowhere else is it good.</summary>
    public static uint Of(long segment, int position, ReadOnlySpan<byte> bytes) =>
        ~Add(BitOperations.Crc32C(BitOperations.Crc32C(BitOperations.Crc32C(Seed, (ulong)segment), (uint)position), (uint)bytes.Length), bytes);

    private static uint Add(uint sum, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var one in bytes)
        {
            sum = BitOperations.Crc32C(sum, one);
        }

        return sum;
    }
}
