using System.Globalization;
using System.Text;

namespace Tidings.Protocol;

/// <summary>The name of a channel: 1 to 255 bytes of UTF-8, letters, marks and digits of any language in Unicode's form C, and <c>_ . : - @ # $ &amp; + , / ; = ~ !</c>.</summary>
public static class ChannelName
{
    /// <summary>The most bytes of UTF-8 that a name has.</summary>
    public const int MaxBytes = 255;

    /// <summary>What stands before the name of a text room in the name of its channel.</summary>
    public const string RoomPrefix = "room:";

    /// <summary>What stands before a user's id in the name of the user's own channel.</summary>
    public const string UserPrefix = "user:";

    /// <summary>What a name must be, for errors.</summary>
    internal const string Rule = "1 to 255 bytes of letters and digits (Unicode's form C) and _ . : - @ # $ & + , / ; = ~ !";

    /// <summary>The channel that every connection is subscribed to.</summary>
    internal const string Everybody = "all";

    /// <summary>The user's own channel; null where the id cannot stand in a name.</summary>
    public static string? OfUser(string user) => UserPrefix + user is var name && IsValid(name) ? name : null;

    /// <summary>
    /// Whether <paramref name="name"/> may be the name of a channel. No two spellings of one text are both allowed, and nothing that
    /// can't be seen; letters of different scripts that look alike still make different names.
    /// </summary>
    public static bool IsValid(ReadOnlySpan<char> name) => IsValid(name, MaxBytes, plain: false);

    /// <summary>Whether <paramref name="room"/> may be the name of a text room: 1 to 250 bytes, with no other signs than <c>_ . : - @</c>, since it stands in addresses.</summary>
    public static bool IsValidRoom(ReadOnlySpan<char> room) => IsValid(room, MaxBytes - RoomPrefix.Length, plain: true);

    private static bool IsValid(ReadOnlySpan<char> name, int maxBytes, bool plain)
    {
        if (name.IsEmpty || name.Length > maxBytes)
        {
            return false;
        }

        var ascii = true;
        for (var rest = name; !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var used) != System.Buffers.OperationStatus.Done || !IsAllowed(rune, plain))
            {
                return false;
            }

            ascii &= rune.IsAscii;
            rest = rest[used..];
        }

        return ascii || (Encoding.UTF8.GetByteCount(name) <= maxBytes && name.IsNormalized());
    }

    private static bool IsAllowed(Rune rune, bool plain)
    {
        if (rune.IsAscii)
        {
            var c = (char)rune.Value;
            return char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or ':' or '-' or '@' || (!plain && c is '#' or '$' or '&' or '+' or ',' or '/' or ';' or '=' or '~' or '!');
        }

        // Marks: most scripts of India and Thailand cannot be written without them.
        return !IsInvisible(rune.Value)
            && (Rune.IsLetterOrDigit(rune)
                || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark);
    }

    // Letters and marks among Unicode's Default_Ignorable_Code_Point: joiner, fillers of Hangul and Khmer, variation selectors.
    private static bool IsInvisible(int rune) => rune
        is 0x034F
        or 0x115F or 0x1160 or 0x3164 or 0xFFA0
        or 0x17B4 or 0x17B5
        or (>= 0x180B and <= 0x180F)
        or (>= 0xFE00 and <= 0xFE0F)
        or (>= 0xE0100 and <= 0xE01EF);
}
