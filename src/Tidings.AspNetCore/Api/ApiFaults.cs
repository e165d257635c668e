using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tidings.Messages;

namespace Tidings.AspNetCore.Api;

/// <summary>Reads bodies, and says in words for people what is wrong with one.</summary>
internal static class ApiFaults
{
    /// <returns>The request, or what is wrong with the body.</returns>
    public static (T? Request, string? Fault) Read<T>(ReadOnlyMemory<byte> body, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(body.Span, type) is { } request ? (request, null) : (null, "The body must be a JSON object.");
        }
        catch (JsonException error)
        {
            return (null, Explain(body, error));
        }
    }

    // The serializer's own words name types of ours, which tell nobody anything.
    private static string Explain(ReadOnlyMemory<byte> body, JsonException error) =>
        JsonPayload.Copy(body.Span) is null
            ? $"The body is no JSON, or nested more than {JsonPayload.MaxDepth} levels deep."
            : $"What stands at {error.Path ?? "$"} is not what belongs there, or its name occurs twice.";
}
