using System.Globalization;
using System.Text;

namespace Tidings.Taps;

/// <summary>The bytes that a string of JSON stands for, whatever is in it.</summary>
internal static class JsonStringBytes
{
    private const int UnicodeEscape = 6;

    /// <summary>Undoes the escapes, and stops at one that is not whole.</summary>
    /// <param name="escaped">What stands between the quotes, or the beginning of it.</param>
    /// <param name="read">How many bytes of it were read.</param>
    public static byte[] Unescape(ReadOnlySpan<byte> escaped, out int read)
    {
        var plain = new byte[escaped.Length];
        var length = 0;
        read = 0;
        while (!escaped.IsEmpty)
        {
            var (next, taken) = escaped[0] == '\\' ? Escape(escaped) : (new Rune(escaped[0] < 0x80 ? escaped[0] : ' '), 1);
            if (taken == 0)
            {
                break;
            }

            if (escaped[0] < 0x80)
            {
                length += next.EncodeToUtf8(plain.AsSpan(length));
            }
            else
            {
                plain[length++] = escaped[0];
            }

            escaped = escaped[taken..];
            read += taken;
        }

        return plain[..length];
    }

    private static (Rune Rune, int Taken) Escape(ReadOnlySpan<byte> escaped)
    {
        if (escaped.Length < 2)
        {
            return default;
        }

        return escaped[1] switch
        {
            (byte)'u' => Unicode(escaped),
            (byte)'n' => (new Rune('\n'), 2),
            (byte)'r' => (new Rune('\r'), 2),
            (byte)'t' => (new Rune('\t'), 2),
            (byte)'b' => (new Rune('\b'), 2),
            (byte)'f' => (new Rune('\f'), 2),
            < 0x80 and var other => (new Rune((char)other), 2),
            _ => (new Rune('\\'), 1),
        };
    }

    private static (Rune Rune, int Taken) Unicode(ReadOnlySpan<byte> escaped)
    {
        if (Unit(escaped) is not { } first)
        {
            return default;
        }

        if (Rune.TryCreate(first, out var rune))
        {
            return (rune, UnicodeEscape);
        }

        return Unit(escaped[UnicodeEscape..]) is { } second && Rune.TryCreate(first, second, out rune) ? (rune, 2 * UnicodeEscape) : (Rune.ReplacementChar, UnicodeEscape);
    }

    private static char? Unit(ReadOnlySpan<byte> escaped) =>
        escaped.Length >= UnicodeEscape && escaped[0] == '\\' && escaped[1] == 'u'
        && ushort.TryParse(escaped[2..UnicodeEscape], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
            ? (char)unit
            : null;
}
