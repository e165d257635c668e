using System.IO.Compression;

namespace Tidings.Protocol.Compression;

/// <summary>Inflates the beginning of a message, or what can be of the beginning of its payload (RFC 7692 §7.2.2).</summary>
internal static class InflateStart
{
    private static ReadOnlySpan<byte> Tail => [0, 0, 0xFF, 0xFF];

    /// <summary>Inflates as much as <paramref name="destination"/> has room for.</summary>
    /// <param name="compressed">The payload, or its first bytes.</param>
    /// <param name="destination">Where the message goes.</param>
    /// <param name="isWhole">Whether that is all that the payload holds.</param>
    /// <returns>How many bytes were written.</returns>
    public static int Read(ReadOnlySpan<byte> compressed, Span<byte> destination, out bool isWhole)
    {
        var length = 0;
        isWhole = false;
        using var source = new MemoryStream([.. compressed, .. Tail], writable: false);
        using var stream = new DeflateStream(source, CompressionMode.Decompress);
        try
        {
            int count;
            while (length < destination.Length && (count = stream.Read(destination[length..])) > 0)
            {
                length += count;
            }

            isWhole = length < destination.Length;
        }
        catch (InvalidDataException)
        {
            // What was cut off, or is no deflated data, ends here.
        }

        return length;
    }
}
