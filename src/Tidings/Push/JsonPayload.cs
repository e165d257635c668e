using System.Text.Json;
using System.Text.Unicode;
using Tidings.Protocol.Commands;

namespace Tidings.Push;

/// <summary>JSON from outside the wire, made fit for it.</summary>
internal static class JsonPayload
{
    /// <summary>The deepest nesting of what is accepted, on the wire and elsewhere.</summary>
    public const int MaxDepth = 64;

    /// <summary>A copy of one JSON value without line breaks; null where it is none, or is nested too deep.</summary>
    public static byte[]? Copy(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            return null;
        }

        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
            while (reader.Read())
            {
            }
        }
        catch (JsonException)
        {
            return null;
        }

        return CommandReader.WithoutLineBreaks(json);
    }
}
