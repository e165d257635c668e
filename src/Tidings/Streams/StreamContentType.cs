namespace Tidings.Streams;

/// <summary>What a stream's content type says of its bytes.</summary>
internal static class StreamContentType
{
    public const string Binary = "application/octet-stream";
    public const string Text = "text/plain; charset=utf-8";
    public const string Json = "application/json";

    public static bool IsJson(string type) => EssenceOf(type).Equals(Json, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether events carry the bytes as they are, and not in base64.</summary>
    public static bool IsText(string type) => IsJson(type) || EssenceOf(type).StartsWith("text/", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether both name the same type; parameters such as the charset don't count.</summary>
    public static bool AreSame(string one, string other) => EssenceOf(one).Equals(EssenceOf(other), StringComparison.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> EssenceOf(string type) => type.IndexOf(';', StringComparison.Ordinal) is >= 0 and var end ? type.AsSpan(0, end).Trim() : type.AsSpan().Trim();
}
