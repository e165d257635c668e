using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tidings.AspNetCore.Endpoints.Json;

/// <summary>Messages as values, and what to answer where they are none.</summary>
internal static class MessageJson
{
    /// <summary>Reads a message.</summary>
    /// <param name="utf8">The message.</param>
    /// <param name="type">What it should be.</param>
    /// <param name="value">The value.</param>
    /// <param name="answer">What its sender is told, where it is no such value.</param>
    public static bool TryRead<T>(ReadOnlySpan<byte> utf8, JsonTypeInfo<T> type, [NotNullWhen(true)] out T? value, [NotNullWhen(false)] out byte[]? answer)
    {
        answer = null;
        try
        {
            value = JsonSerializer.Deserialize(utf8, type);
            if (value is not null)
            {
                return true;
            }

            answer = MessageFaults.Answer([new MessageFault("", "The message must not be null.")]);
        }
        catch (JsonException error)
        {
            value = default;
            answer = IsJson(utf8) ? MessageFaults.Answer(Explain(utf8, type, error)) : MessageFaults.InvalidJson;
        }

        return false;
    }

    private static bool IsJson(ReadOnlySpan<byte> utf8)
    {
        try
        {
            var reader = new Utf8JsonReader(utf8);
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

    // The serializer's own words name the application's types, which are nobody's business outside.
    public static List<MessageFault> Explain(ReadOnlySpan<byte> utf8, JsonTypeInfo type, JsonException error)
    {
        var faults = new List<MessageFault>();
        var reader = new Utf8JsonReader(utf8);
        using var document = JsonDocument.ParseValue(ref reader);
        if (type.Kind == JsonTypeInfoKind.Object && document.RootElement.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in type.Properties)
            {
                if (property.IsRequired && !Has(document.RootElement, property.Name, type.Options.PropertyNameCaseInsensitive))
                {
                    faults.Add(new MessageFault(property.Name, "This member is required."));
                }
            }
        }

        if (faults.Count == 0)
        {
            faults.Add(new MessageFault((error.Path ?? "").TrimStart('$').TrimStart('.'), "This is not of the type that is expected here."));
        }

        return faults;
    }

    private static bool Has(JsonElement element, string name, bool ignoreCase)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (string.Equals(property.Name, name, ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
