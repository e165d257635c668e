using System.Buffers;
using System.IO.Compression;

namespace Tidings.Protocol.Compression;

/// <summary>Inflates whole messages, each by itself, up to a limit (RFC 7692 §7.2.2, without context takeover).</summary>
/// <remarks>Calls may overlap: nothing is kept between them, and what zlib takes is given back at the end of each.</remarks>
internal static class MessageInflater
{
    /// <summary>
    /// Blocks with BFINAL set in one message. Senders without a sync flush make one (§7.2.3.4); each starts another inflater,
    /// which is a microsecond or two that two bytes of payload could buy.
    /// </summary>
    public const int MaxFinalBlocks = 16;

    // The last byte holds the header of the block whose tail was taken off, so a final block before it ends at the last
    // byte but one, or at the last: those two are read singly to know which.
    private const int SingleAtEnd = 2;

    /// <summary>Inflates the payload of one complete message, the payloads of its fragments put together.</summary>
    /// <remarks>
    /// A peer's fault is a result, not an exception. At most 1.25 times what is kept and a constant are in use at any time.
    /// An empty payload, which a zlib flushed twice makes of an empty message, counts as one; strictly it would be <c>00</c> (§7.2.3.6).
    /// </remarks>
    /// <param name="compressed">The payload as it came, unmasked.</param>
    /// <param name="bounds">What the message may have after inflating; best powers of two, like the pool's arrays.</param>
    /// <param name="rented">The message on <see cref="InflateResult.Ok"/>; the caller returns it to <see cref="ArrayPool{T}.Shared"/>. Else empty.</param>
    /// <param name="length">The message's length in <paramref name="rented"/>; of one that was dropped, its length.</param>
    public static unsafe InflateResult Inflate(ReadOnlySpan<byte> compressed, InflateBounds bounds, out byte[] rented, out int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bounds.Keep);
        ArgumentOutOfRangeException.ThrowIfLessThan(bounds.Limit, bounds.Keep);
        rented = [];
        length = 0;
        if (compressed.IsEmpty)
        {
            return InflateResult.Ok;
        }

        var output = new InflateBuffer(bounds);
        try
        {
            fixed (byte* payload = compressed)
            {
                using var source = new InflateSource(payload, compressed.Length);
                var result = InflateAll(source, compressed.Length, ref output);
                if (result == InflateResult.Ok)
                {
                    length = output.Length;
                    result = output.IsDropped ? InflateResult.Dropped : result;
                    rented = output.IsDropped ? [] : output.Detach();
                }

                return result;
            }
        }
        catch (InvalidDataException)
        {
            return InflateResult.Corrupt;
        }
        finally
        {
            output.Return();
        }
    }

    // §7.2.1: a block with BFINAL set is padded to a byte boundary, and "the next DEFLATE block follows the padded data if any".
    private static InflateResult InflateAll(InflateSource source, int length, ref InflateBuffer output)
    {
        int singleAtEnd = Math.Max(0, length - SingleAtEnd);
        source.Restart(0, singleAtEnd);
        for (int finals = 0, start = 0; finals < MaxFinalBlocks;)
        {
            int before = output.Length;
            var result = InflateStream(source, length, ref output);
            if (result != InflateResult.Ok || source.AtEnd)
            {
                return result;
            }

            if (source.BeyondPayload)
            {
                return InflateResult.Corrupt;
            }

            if (source.LastRead < source.SingleFrom)
            {
                // Ended somewhere in the read handed out last: once more, that read byte by byte.
                output.Length = before;
                source.Restart(start, source.LastRead);
                continue;
            }

            start = (int)source.Position;
            if (start == length)
            {
                // Nothing follows the final block, not even the 00 of §7.2.3.4. The message is whole all the same.
                return InflateResult.Ok;
            }

            finals++;
            source.Restart(start, Math.Max(start, singleAtEnd));
        }

        return InflateResult.Corrupt;
    }

    // Up to and with a block that has BFINAL set, be it the sender's or the source's own.
    private static InflateResult InflateStream(InflateSource source, int length, ref InflateBuffer output)
    {
        Span<byte> probe = stackalloc byte[1];
        using var stream = new DeflateStream(source, CompressionMode.Decompress, leaveOpen: true);
        while (true)
        {
            if (!output.TryFree((int)Math.Min(length * 4L, int.MaxValue), out var free))
            {
                return InflateResult.NoMemory;
            }

            int count = stream.Read(free.IsEmpty ? probe : free);
            if (count == 0)
            {
                return source.Exhausted ? InflateResult.Corrupt : InflateResult.Ok;
            }

            // The tail and the end hold no data; where they give some, the payload stopped in the middle of a block.
            if (source.BeyondPayload)
            {
                return InflateResult.Corrupt;
            }

            if (free.IsEmpty)
            {
                return InflateResult.TooLarge;
            }

            output.Length += count;
        }
    }
}
