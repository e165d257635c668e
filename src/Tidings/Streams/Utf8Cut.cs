namespace Tidings.Streams;

/// <summary>Where a text may be cut.</summary>
internal static class Utf8Cut
{
    /// <summary>How many bytes there are without a character at the end whose rest is missing.</summary>
    public static int WholeLength(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back <= Math.Min(3, bytes.Length); back++)
        {
            var one = bytes[^back];
            if (one < 0x80)
            {
                return bytes.Length;
            }

            if (one >= 0xC0)
            {
                var length = one >= 0xF0 ? 4 : one >= 0xE0 ? 3 : 2;
                return back < length ? bytes.Length - back : bytes.Length;
            }
        }

        return bytes.Length;
    }
}
