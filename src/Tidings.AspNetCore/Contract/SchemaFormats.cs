using System.Collections.Frozen;
using System.Text.Json.Nodes;

namespace Tidings.AspNetCore.Contract;

/// <summary>What a schema does not say by itself of a value, for languages that tell kinds of numbers and texts apart.</summary>
internal static class SchemaFormats
{
    // The names of OpenAPI's registry of formats, where it has one.
    private static readonly FrozenDictionary<Type, string> Numbers = new Dictionary<Type, string>
    {
        [typeof(sbyte)] = "int8", [typeof(byte)] = "uint8", [typeof(short)] = "int16", [typeof(ushort)] = "uint16", [typeof(int)] = "int32", [typeof(uint)] = "uint32",
        [typeof(long)] = "int64", [typeof(ulong)] = "uint64", [typeof(float)] = "float", [typeof(double)] = "double", [typeof(decimal)] = "decimal",
    }.ToFrozenDictionary();

    /// <summary>Adds the format of a number, of a time span and of bytes, and the name of an enum of texts.</summary>
    public static void Add(JsonObject schema, Type type)
    {
        if (type.IsEnum && schema.ContainsKey("enum"))
        {
            schema["title"] = type.Name;
        }
        else if (Numbers.TryGetValue(type, out var number) && (Has(schema, "integer") || Has(schema, "number")))
        {
            schema["format"] = number;
        }
        else if (Has(schema, "string") && (type == typeof(TimeSpan) || type == typeof(byte[])))
        {
            schema["format"] = type == typeof(TimeSpan) ? "timespan" : "byte";
        }
    }

    private static bool Has(JsonObject schema, string type) => schema["type"] switch
    {
        JsonValue one => one.TryGetValue(out string? text) && text == type,
        JsonArray several => several.Any(one => one is JsonValue value && value.TryGetValue(out string? text) && text == type),
        _ => false,
    };
}
