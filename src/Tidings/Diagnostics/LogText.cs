using System.Globalization;
using System.Text;

namespace Tidings.Diagnostics;

/// <summary>Writes what others have said so that it stays within its line: nothing that ends a line, moves a terminal's cursor, or turns the direction of reading.</summary>
internal static class LogText
{
    private const char Cut = '…';

    private const int CutBytes = 3;

    /// <summary>Escapes as JSON does (<c>\n</c>, <c>\u001b</c>), and cuts what would take more than <paramref name="most"/> bytes of UTF-8.</summary>
    public static string Clean(string? text, int most)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }

        var line = new StringBuilder(Math.Min(text.Length, most));
        var left = most - CutBytes;
        foreach (var rune in text.EnumerateRunes())
        {
            var length = line.Length;
            left -= Append(line, rune);
            if (left < 0)
            {
                line.Length = length;
                return line.Append(Cut).ToString();
            }
        }

        return line.ToString();
    }

    // Returns how many bytes it took.
    private static int Append(StringBuilder line, Rune rune)
    {
        var length = line.Length;
        switch (rune.Value)
        {
            case '\n':
                line.Append("\\n");
                break;
            case '\r':
                line.Append("\\r");
                break;
            case '\t':
                line.Append("\\t");
                break;
            default:
                if (!IsUnsafe(rune))
                {
                    line.Append(rune.ToString());
                    return rune.Utf8SequenceLength;
                }

                line.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
                break;
        }

        return line.Length - length;
    }

    // Control characters, line and paragraph separators; what is not seen itself: marks of direction, joiners, what replaces half a character.
    private static bool IsUnsafe(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse
        || rune == Rune.ReplacementChar;
}
