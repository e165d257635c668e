using System.Buffers;
using System.Text.Unicode;

namespace Tidings.Protocol;

/// <summary>Keys of messages, and keys by which a repeat is known: any text, but without lone surrogates, which would be another key in UTF-8.</summary>
internal static class MessageKey
{
    /// <summary>The most bytes of UTF-8 that a key has.</summary>
    public const int MaxBytes = 128;

    /// <summary>As refusals say it.</summary>
    public const string Rule = "must have 1 to 128 bytes of UTF-8 without lone surrogates";

    /// <summary>Whether <paramref name="key"/> may be a key.</summary>
    public static bool IsValid(ReadOnlySpan<char> key)
    {
        Span<byte> bytes = stackalloc byte[MaxBytes];
        return !key.IsEmpty && Utf8.FromUtf16(key, bytes, out _, out _, replaceInvalidSequences: false) == OperationStatus.Done;
    }
}
