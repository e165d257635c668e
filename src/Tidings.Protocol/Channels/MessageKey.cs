using System.Text;

namespace Tidings.Protocol;

/// <summary>Keys of messages, and keys by which a repeat is known.</summary>
internal static class MessageKey
{
    /// <summary>The most bytes of UTF-8 that a key has.</summary>
    public const int MaxBytes = 128;

    /// <summary>As refusals say it.</summary>
    public const string Rule = "must have 1 to 128 bytes";

    /// <summary>Whether <paramref name="key"/> may be a key.</summary>
    public static bool IsValid(ReadOnlySpan<char> key) => key.Length is > 0 and <= MaxBytes && Encoding.UTF8.GetByteCount(key) <= MaxBytes;
}
