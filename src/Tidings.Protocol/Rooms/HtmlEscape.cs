using System.Buffers;

namespace Tidings.Protocol.Rooms;

/// <summary>Escapes <c>&amp; &lt; &gt; " '</c> and nothing else, so that letters of every language stay as they are.</summary>
internal static class HtmlEscape
{
    private static readonly SearchValues<byte> Special = SearchValues.Create("&<>\"'"u8);

    /// <summary>How many bytes <paramref name="utf8"/> has once escaped.</summary>
    public static int EscapedLength(ReadOnlySpan<byte> utf8)
    {
        var length = utf8.Length;
        for (var at = utf8.IndexOfAny(Special); at >= 0; at = utf8.IndexOfAny(Special))
        {
            length += Replacement(utf8[at]).Length - 1;
            utf8 = utf8[(at + 1)..];
        }

        return length;
    }

    /// <summary>Writes <paramref name="utf8"/> escaped into <paramref name="destination"/>, which has room for it.</summary>
    public static void Write(ReadOnlySpan<byte> utf8, Span<byte> destination)
    {
        for (var at = utf8.IndexOfAny(Special); at >= 0; at = utf8.IndexOfAny(Special))
        {
            var replacement = Replacement(utf8[at]);
            utf8[..at].CopyTo(destination);
            replacement.CopyTo(destination[at..]);
            destination = destination[(at + replacement.Length)..];
            utf8 = utf8[(at + 1)..];
        }

        utf8.CopyTo(destination);
    }

    private static ReadOnlySpan<byte> Replacement(byte special) => special switch
    {
        (byte)'&' => "&amp;"u8,
        (byte)'<' => "&lt;"u8,
        (byte)'>' => "&gt;"u8,
        (byte)'"' => "&quot;"u8,
        _ => "&#x27;"u8,
    };
}
