using System.Buffers;
using System.Text;

namespace Tidings.Taps;

/// <summary>Masks secrets in text that is no JSON: signed tokens, and what follows the name of a secret.</summary>
internal static class SecretText
{
    /// <summary>What stands in the place of a secret.</summary>
    public const string Mask = "***";

    private const string Between = " \t\r\n\"'\\";

    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    /// <summary>The text as it may be shown: a token that begins as those with a JSON header do is masked, and from <c>name=</c> or <c>name:</c> of a secret on nothing is shown.</summary>
    /// <param name="text">The text, the beginning of it perhaps.</param>
    public static string Hide(string text)
    {
        var end = EndOfShown(text);
        var shown = HideTokens(text.AsSpan(0, end));
        return end < text.Length ? shown + Mask : shown;
    }

    private static int EndOfShown(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            // Letters that are written as numbers could spell a name.
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] == 'u')
            {
                return i;
            }

            if ((text[i] is ':' or '=' && SecretNames.Has(NameBefore(text, i))) || (text[i] is ' ' && i > 0 && char.IsLetter(text[i - 1]) && NameBefore(text, i).Equals("bearer", StringComparison.OrdinalIgnoreCase)))
            {
                return i + 1;
            }
        }

        return text.Length;
    }

    private static string NameBefore(string text, int end)
    {
        while (end > 0 && Between.Contains(text[end - 1], StringComparison.Ordinal))
        {
            end--;
        }

        var start = end;
        while (start > 0 && (char.IsLetterOrDigit(text[start - 1]) || text[start - 1] is '-' or '_'))
        {
            start--;
        }

        return text[start..end];
    }

    private static string HideTokens(ReadOnlySpan<char> text)
    {
        const string Beginning = "eyJ";
        var shown = new StringBuilder();
        while (text.IndexOf(Beginning, StringComparison.Ordinal) is var at and >= 0)
        {
            shown.Append(text[..at]).Append(Mask);
            text = text[at..];
            text = text.IndexOfAnyExcept(TokenCharacters) is var after and >= 0 ? text[after..] : [];
        }

        return shown.Append(text).ToString();
    }
}
