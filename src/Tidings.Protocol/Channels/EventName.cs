using System.Buffers;
using System.Globalization;
using System.Text;

namespace Tidings.Protocol;

/// <summary>The name of a message's event: 1 to 200 bytes of UTF-8 that can be printed, so no control characters, line separators or lone surrogates.</summary>
public static class EventName
{
    /// <summary>The most bytes of UTF-8 that a name has.</summary>
    public const int MaxBytes = 200;

    // As refusals say it.
    internal const string Rule = "must have 1 to 200 bytes of printable text";

    /// <summary>Whether <paramref name="name"/> may be the name of an event.</summary>
    public static bool IsValid(ReadOnlySpan<char> name)
    {
        if (name.IsEmpty || name.Length > MaxBytes)
        {
            return false;
        }

        var bytes = 0;
        for (var rest = name; !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var used) != OperationStatus.Done || !IsPrintable(rune))
            {
                return false;
            }

            bytes += rune.Utf8SequenceLength;
            rest = rest[used..];
        }

        return bytes <= MaxBytes;
    }

    private static bool IsPrintable(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
