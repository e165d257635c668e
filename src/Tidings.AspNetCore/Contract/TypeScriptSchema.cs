using System.Text;
using System.Text.Json;

namespace Tidings.AspNetCore.Contract;

/// <summary>A JSON schema as a type of TypeScript.</summary>
internal static class TypeScriptSchema
{
    /// <summary>Where a document has the schemas that have names.</summary>
    public const string Prefix = "#/components/schemas/";

    private const string Unknown = "unknown";

    // Deeper is no type that anybody reads, and a document may come from anywhere.
    private const int Deepest = 64;

    public static string Of(JsonElement schema) => Of(schema, 0);

    /// <summary>What an interface has between its braces; null where the schema is no object with members of its own alone.</summary>
    public static string? Members(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && IsPlainObject(schema) ? Members(schema, "  ", "\n", 0) : null;

    private static bool IsPlainObject(JsonElement schema) =>
        schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object && !schema.TryGetProperty("anyOf", out _) && !schema.TryGetProperty("oneOf", out _)
        && !schema.TryGetProperty("$ref", out _) && !HasMore(schema) && (!schema.TryGetProperty("type", out var type) || type.ValueKind == JsonValueKind.String);

    private static string Of(JsonElement schema, int depth)
    {
        if (schema.ValueKind == JsonValueKind.False)
        {
            return "never";
        }

        if (schema.ValueKind != JsonValueKind.Object || depth > Deepest)
        {
            return Unknown;
        }

        if (schema.TryGetProperty("$ref", out var reference))
        {
            return reference.GetString() is { } target && target.StartsWith(Prefix, StringComparison.Ordinal) ? TypeScriptNames.Type(target[Prefix.Length..]) : Unknown;
        }

        if (schema.TryGetProperty("const", out var constant))
        {
            return Literal(constant);
        }

        if (schema.TryGetProperty("enum", out var values) && values.ValueKind == JsonValueKind.Array)
        {
            return Union(values.EnumerateArray().Select(Literal));
        }

        if (Alternatives(schema) is { } alternatives)
        {
            var some = Union(alternatives.Select(alternative => Of(alternative, depth + 1)));
            var own = schema.TryGetProperty("properties", out _) ? Object(schema, depth) : null;
            return own is null ? some : $"{own} & ({some})";
        }

        if (!schema.TryGetProperty("type", out var type))
        {
            return schema.TryGetProperty("properties", out _) ? Object(schema, depth) : Unknown;
        }

        return type.ValueKind == JsonValueKind.Array
            ? Union(type.EnumerateArray().Select(one => OfType(one.GetString(), schema, depth)))
            : OfType(type.GetString(), schema, depth);
    }

    private static IEnumerable<JsonElement>? Alternatives(JsonElement schema) =>
        schema.TryGetProperty("anyOf", out var some) || schema.TryGetProperty("oneOf", out some) ? some.EnumerateArray() : null;

    private static string OfType(string? type, JsonElement schema, int depth) => type switch
    {
        "string" or "boolean" or "null" => type,
        "number" or "integer" => "number",
        "array" => Array(schema, depth),
        "object" => Object(schema, depth),
        _ => Unknown,
    };

    private static string Array(JsonElement schema, int depth)
    {
        var element = schema.TryGetProperty("items", out var items) ? Of(items, depth + 1) : Unknown;
        return element.AsSpan().ContainsAny(" '") ? $"({element})[]" : $"{element}[]";
    }

    private static string Object(JsonElement schema, int depth)
    {
        var members = schema.TryGetProperty("properties", out var properties) && properties.EnumerateObject().Any() ? $"{{ {Members(schema, "", " ", depth)} }}" : null;
        var more = HasMore(schema) ? $"Record<string, {Of(schema.GetProperty("additionalProperties"), depth + 1)}>" : null;
        return (members, more) switch
        {
            (null, null) => "Record<string, unknown>",
            (null, _) => more,
            (_, null) => members,
            _ => $"{members} & {more}",
        };
    }

    private static bool HasMore(JsonElement schema) => schema.TryGetProperty("additionalProperties", out var more) && more.ValueKind != JsonValueKind.False;

    private static string Members(JsonElement schema, string indent, string between, int depth)
    {
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(static name => name.GetString()).ToHashSet() : [];
        var text = new StringBuilder();
        foreach (var property in schema.GetProperty("properties").EnumerateObject())
        {
            text.Append(text.Length == 0 ? "" : between).Append(indent).Append(TypeScriptNames.Member(property.Name)).Append(required.Contains(property.Name) ? ": " : "?: ")
                .Append(Of(property.Value, depth + 1)).Append(';');
        }

        return text.ToString();
    }

    private static string Union(IEnumerable<string> types)
    {
        var all = types.Distinct().ToList();
        return all.Count == 0 ? "never" : all.Contains(Unknown) ? Unknown : string.Join(" | ", all.Select(type => all.Count > 1 && type.Contains(" & ", StringComparison.Ordinal) ? $"({type})" : type));
    }

    private static string Literal(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => TypeScriptNames.Quoted(value.GetString()!),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null => value.GetRawText(),
        _ => Unknown,
    };
}
