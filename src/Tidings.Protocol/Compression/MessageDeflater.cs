using System.IO.Compression;

namespace Tidings.Protocol.Compression;

/// <summary>Compresses whole messages, each by itself (RFC 7692 §7.2.1, without context takeover).</summary>
/// <remarks>Calls may overlap: nothing is kept between them but the settings, and what zlib takes is given back at the end of each.</remarks>
internal sealed class MessageDeflater(DeflateSettings settings)
{
    private readonly ZLibCompressionOptions _options = new() { CompressionLevel = settings.Level };

    // Every message ends in an empty block without compression; its last four bytes are not sent (§7.2.1).
    private static ReadOnlySpan<byte> Tail => [0x00, 0x00, 0xFF, 0xFF];

    /// <summary>Room that <see cref="TryDeflate"/> wants for a message of that many bytes: what it accepts, and the tail it takes off.</summary>
    public static int DestinationLength(int messageLength) => messageLength + Tail.Length - 1;

    /// <summary>Compresses one complete message to the payload that is sent with RSV1 set, in one frame or several.</summary>
    /// <returns>
    /// False if the message is to be sent as it is: it is empty, shorter than the threshold, or would not become shorter.
    /// What is in <paramref name="destination"/> then means nothing.
    /// </returns>
    /// <param name="message">The message.</param>
    /// <param name="destination">At least <see cref="DestinationLength"/> bytes that don't overlap the message.</param>
    /// <param name="written">The payload's length, less than the message's.</param>
    public unsafe bool TryDeflate(ReadOnlySpan<byte> message, Span<byte> destination, out int written)
    {
        int room = DestinationLength(message.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, room, nameof(destination));
        written = 0;
        if (message.IsEmpty || message.Length < settings.Threshold)
        {
            return false;
        }

        fixed (byte* start = destination)
        {
            using var sink = new DeflateSink(start, room);
            Deflate(message, sink);
            if (sink.Overflowed || !destination[..sink.Written].EndsWith(Tail))
            {
                return false;
            }

            written = sink.Written - Tail.Length;
            return true;
        }
    }

    // Flush is zlib's sync flush: all of the message, then 00 00 00 FF FF from the next byte boundary on. Dispose writes one
    // more block, with BFINAL set, which would end the stream inside the message; the sink no longer listens by then.
    private void Deflate(ReadOnlySpan<byte> message, DeflateSink sink)
    {
        using var stream = new DeflateStream(sink, _options, leaveOpen: true);
        stream.Write(message);
        stream.Flush();
        sink.CloseForWriting();
    }
}
