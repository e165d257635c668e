using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace Tidings.Security.Tokens;

/// <summary>The text forms inside a token: strict base64url and short names.</summary>
internal static class TokenText
{
    private const string Base64UrlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    private static readonly SearchValues<char> s_base64Url = SearchValues.Create(Base64UrlAlphabet);

    /// <summary>Decodes base64url as RFC 7515 §2 has it: no padding, no white space, and (RFC 4648 §3.5) unused bits zero,
    /// so that one sequence of bytes has one spelling. Never empty.</summary>
    internal static bool TryDecodeBase64Url(ReadOnlySpan<char> text, Span<byte> destination, out int written)
    {
        written = 0;
        int tail = text.Length % 4;
        if (text.IsEmpty || tail == 1 || text.ContainsAnyExcept(s_base64Url))
        {
            return false;
        }

        // Today's decoder refuses these bits too, without promising it.
        int unusedBits = tail switch { 2 => 0b1111, 3 => 0b11, _ => 0 };
        return (Base64UrlAlphabet.IndexOf(text[^1], StringComparison.Ordinal) & unusedBits) == 0
            && Base64Url.DecodeFromChars(text, destination, out _, out written) == OperationStatus.Done;
    }

    /// <summary>Whether a text can name a user, a key or a token: not empty, bounded, and safe to write into one line of a log.</summary>
    internal static bool IsName(string text)
    {
        if (text.Length is 0 or > TokenLimits.NameLength)
        {
            return false;
        }

        foreach (char c in text)
        {
            if (BreaksLine(c))
            {
                return false;
            }
        }

        return true;
    }

    internal static bool BreaksLine(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    internal static bool TryGetName(JsonElement value, [NotNullWhen(true)] out string? name)
    {
        name = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return name is not null && IsName(name);
    }
}
