using System.Text.Json;

namespace Tidings.AspNetCore.Contract;

/// <summary>JSON schemas as types of C#: those that are in .NET, and records and enums that are declared here. For one file.</summary>
internal sealed class CSharpTypes
{
    private const string Prefix = TypeScriptSchema.Prefix;

    // Deeper is no type that anybody reads, and a document may come from anywhere.
    private const int Deepest = 64;

    private readonly Dictionary<string, JsonElement> _schemas;
    private readonly Dictionary<string, string> _named = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _enums = new(StringComparer.Ordinal);
    private readonly HashSet<string> _open = new(StringComparer.Ordinal);
    private readonly CSharpNames _names;
    private readonly CSharpRecords _records;

    /// <param name="schemas">Those that have names.</param>
    /// <param name="taken">Names that types must not have.</param>
    public CSharpTypes(IEnumerable<JsonProperty> schemas, IEnumerable<string> taken)
    {
        _names = new CSharpNames(taken);
        _records = new CSharpRecords(this);
        _schemas = schemas.DistinctBy(static schema => schema.Name, StringComparer.Ordinal).ToDictionary(static schema => schema.Name, static schema => schema.Value, StringComparer.Ordinal);
        foreach (var (name, schema) in _schemas)
        {
            if (IsRecord(schema))
            {
                _named[name] = _names.Upper(name);
            }
        }

        foreach (var (name, type) in _named)
        {
            _records.Declare(type, _schemas[name], 0);
        }
    }

    /// <summary>The records and enums, each with its text.</summary>
    public IEnumerable<string> Declarations => _records.Declarations;

    /// <summary>The type of a schema.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="suggestion">What a record or enum is called that has no name.</param>
    /// <param name="depth">How deep it stands in others.</param>
    public CSharpType Of(JsonElement schema, string suggestion, int depth = 0)
    {
        if (schema.ValueKind != JsonValueKind.Object || depth > Deepest)
        {
            return CSharpType.Any;
        }

        if (schema.TryGetProperty("$ref", out var reference))
        {
            return reference.GetString() is { } target && target.StartsWith(Prefix, StringComparison.Ordinal) ? Named(target[Prefix.Length..], suggestion, depth) : CSharpType.Any;
        }

        if (schema.TryGetProperty("enum", out var values))
        {
            return Enum(schema, values, suggestion);
        }

        if (schema.TryGetProperty("const", out var constant))
        {
            return OfConstant(constant);
        }

        if (Alternatives(schema) is { } alternatives)
        {
            return OfAlternatives(schema, alternatives, suggestion, depth);
        }

        if (!schema.TryGetProperty("type", out var type))
        {
            return schema.TryGetProperty("properties", out _) ? Record(schema, suggestion, depth) : CSharpType.Any;
        }

        if (type.ValueKind != JsonValueKind.Array)
        {
            return OfType(type.GetString(), schema, suggestion, depth);
        }

        var types = type.EnumerateArray().Select(static one => one.GetString()).ToList();
        var isNullable = types.Remove("null");
        var only = types.Count == 1 ? OfType(types[0], schema, suggestion, depth) : CSharpType.Any;
        return isNullable ? only.OrNull : only;
    }

    /// <inheritdoc cref="CSharpRecords.DeclareParameters"/>
    public void DeclareParameters(string name, IEnumerable<(string Json, string Member, CSharpType Type, bool IsRequired)> members) => _records.DeclareParameters(name, members);

    /// <summary>A name that no type has.</summary>
    public string NewName(string suggestion) => _names.Upper(suggestion);

    /// <summary>What stands in <c>anyOf</c> or <c>oneOf</c>; null where there is neither.</summary>
    public static List<JsonElement>? Alternatives(JsonElement schema) =>
        schema.TryGetProperty("anyOf", out var some) || schema.TryGetProperty("oneOf", out some) ? [.. some.EnumerateArray()] : null;

    private static bool IsNull(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("null"u8);

    private static bool IsRecord(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && !schema.TryGetProperty("$ref", out _) && !schema.TryGetProperty("enum", out _)
        && (Alternatives(schema) is { } alternatives ? CSharpRecords.Discriminator(alternatives) is not null
            : schema.TryGetProperty("properties", out _) || (schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("object"u8) && !HasMore(schema)));

    private static bool HasMore(JsonElement schema) => schema.TryGetProperty("additionalProperties", out var more) && more.ValueKind != JsonValueKind.False;

    private CSharpType Named(string name, string suggestion, int depth)
    {
        if (_named.TryGetValue(name, out var type))
        {
            return new CSharpType(type);
        }

        // One that is no record stands in its place, unless it stands in itself.
        if (!_schemas.TryGetValue(name, out var schema) || !_open.Add(name))
        {
            return CSharpType.Any;
        }

        var inPlace = Of(schema, suggestion, depth + 1);
        _open.Remove(name);
        return inPlace;
    }

    private CSharpType OfAlternatives(JsonElement schema, List<JsonElement> alternatives, string suggestion, int depth)
    {
        var isNullable = alternatives.RemoveAll(IsNull) > 0;
        var type = alternatives.Count == 1 ? Of(alternatives[0], suggestion, depth + 1)
            : CSharpRecords.Discriminator(alternatives) is not null ? Record(schema, suggestion, depth)
            : CSharpType.Any;
        return isNullable ? type.OrNull : type;
    }

    private CSharpType Record(JsonElement schema, string suggestion, int depth)
    {
        var name = NewName(suggestion);
        _records.Declare(name, schema, depth + 1);
        return new CSharpType(name);
    }

    // Texts of one title are one enum, wherever they stand.
    private CSharpType Enum(JsonElement schema, JsonElement values, string suggestion)
    {
        var all = values.EnumerateArray().ToList();
        var isNullable = all.RemoveAll(static value => value.ValueKind == JsonValueKind.Null) > 0;
        if (all.Count == 0 || all.Exists(static value => value.ValueKind != JsonValueKind.String))
        {
            return CSharpType.Any;
        }

        var texts = all.ConvertAll(static value => value.GetString()!);
        var title = schema.TryGetProperty("title", out var said) && said.ValueKind == JsonValueKind.String ? said.GetString()! : suggestion;
        var key = $"{title}\n{string.Join('\n', texts)}";
        if (!_enums.TryGetValue(key, out var name))
        {
            _enums[key] = name = NewName(title);
            _records.DeclareEnum(name, texts);
        }

        return new CSharpType(name, IsValue: true, isNullable);
    }

    private static CSharpType OfConstant(JsonElement constant) => constant.ValueKind switch
    {
        JsonValueKind.String => new CSharpType("string"),
        JsonValueKind.True or JsonValueKind.False => new CSharpType("bool", IsValue: true),
        _ => CSharpType.Any,
    };

    private CSharpType OfType(string? type, JsonElement schema, string suggestion, int depth) => type switch
    {
        "string" => Text(Format(schema)),
        "boolean" => new CSharpType("bool", IsValue: true),
        "integer" or "number" => new CSharpType(Number(type, Format(schema)), IsValue: true),
        "array" => CSharpType.Generic("global::System.Collections.Generic.IReadOnlyList", "", schema.TryGetProperty("items", out var items) ? Of(items, suggestion, depth + 1) : CSharpType.Any),
        "object" when schema.TryGetProperty("properties", out var properties) && properties.EnumerateObject().Any() => Record(schema, suggestion, depth),
        "object" when HasMore(schema) =>
            CSharpType.Generic("global::System.Collections.Generic.IReadOnlyDictionary", "string, ", Of(schema.GetProperty("additionalProperties"), suggestion, depth + 1)),
        _ => CSharpType.Any,
    };

    private static string? Format(JsonElement schema) => schema.TryGetProperty("format", out var format) && format.ValueKind == JsonValueKind.String ? format.GetString() : null;

    private static CSharpType Text(string? format) => format switch
    {
        "date-time" => new CSharpType("global::System.DateTimeOffset", IsValue: true),
        "date" => new CSharpType("global::System.DateOnly", IsValue: true),
        "time" => new CSharpType("global::System.TimeOnly", IsValue: true),
        "timespan" => new CSharpType("global::System.TimeSpan", IsValue: true),
        "uuid" => new CSharpType("global::System.Guid", IsValue: true),
        "byte" => new CSharpType("byte[]"),
        _ => new CSharpType("string"),
    };

    private static string Number(string type, string? format) => (type, format) switch
    {
        (_, "int8") => "sbyte",
        (_, "uint8") => "byte",
        (_, "int16") => "short",
        (_, "uint16") => "ushort",
        (_, "int32") => "int",
        (_, "uint32") => "uint",
        (_, "uint64") => "ulong",
        (_, "float") => "float",
        (_, "decimal") => "decimal",
        ("integer", _) => "long",
        _ => "double",
    };
}
