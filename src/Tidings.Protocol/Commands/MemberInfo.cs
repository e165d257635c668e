using System.Text.Json;

namespace Tidings.Protocol.Commands;

/// <summary>What a client may say of its member in presence: JSON that everybody who reads members can read.</summary>
internal static class MemberInfo
{
    /// <summary>The most bytes, line breaks not counted.</summary>
    public const int MaxBytes = 4 * 1024;

    /// <summary>The deepest nesting: it comes to others inside of members, and these inside of lists.</summary>
    public const int MaxDepth = 32;

    /// <summary>Reads a value that is sound JSON.</summary>
    /// <param name="json">The value as it was written.</param>
    /// <param name="info">A copy on one line; empty for <c>null</c>, and where something is wrong with it.</param>
    /// <returns>What is wrong with it, or null.</returns>
    public static string? Read(ReadOnlySpan<byte> json, out ReadOnlyMemory<byte> info)
    {
        info = default;
        var copy = CommandReader.WithoutLineBreaks(json);
        if (copy.Length > MaxBytes)
        {
            return $"has more than {MaxBytes} bytes";
        }

        var reader = new Utf8JsonReader(copy, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                {
                    _ = reader.GetString();
                }
            }
        }
        catch (JsonException)
        {
            return $"is nested deeper than {MaxDepth} levels";
        }
        catch (InvalidOperationException)
        {
            return "has an escape that names no character, as \\ud800 alone";
        }

        info = copy.AsSpan().SequenceEqual("null"u8) ? default : copy;
        return null;
    }
}
