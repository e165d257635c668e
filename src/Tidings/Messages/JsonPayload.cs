using System.Text.Json;
using System.Text.Unicode;
using Tidings.Protocol.Commands;

namespace Tidings.Messages;

/// <summary>JSON from outside the wire, made fit for it.</summary>
internal static class JsonPayload
{
    /// <summary>The deepest nesting of what is accepted, on the wire and elsewhere.</summary>
    public const int MaxDepth = 64;

    /// <summary>A copy of one JSON value without line breaks; null where it is none, or is nested too deep.</summary>
    public static byte[]? Copy(ReadOnlySpan<byte> json) => IsJson(json) ? CommandReader.WithoutLineBreaks(json) : null;

    /// <summary>Whether it is one JSON value as <see cref="Copy"/> leaves it.</summary>
    public static bool IsOneLine(ReadOnlySpan<byte> json) => json.IndexOfAny((byte)'\r', (byte)'\n') < 0 && IsJson(json);

    /// <summary>Whether it is what a client may say of its member in presence.</summary>
    public static bool IsMemberInfo(ReadOnlySpan<byte> json) => IsOneLine(json) && MemberInfo.Read(json, out _) is null;

    /// <summary>Whether it is one JSON value in UTF-8, not nested too deep.</summary>
    public static bool IsJson(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
