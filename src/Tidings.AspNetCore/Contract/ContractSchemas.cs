using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Tidings.AspNetCore.Contract;

/// <summary>JSON schemas of the application's types, by its own JSON options: named ones in <see cref="Components"/>, others in their place.</summary>
/// <remarks>What clients say may leave out more than what they hear does: a type of which that is so has two schemas, the second called <c>…Input</c>.</remarks>
internal sealed class ContractSchemas
{
    private const string Prefix = TypeScriptSchema.Prefix;

    private readonly JsonSerializerOptions _options;
    private readonly SchemaNames _names = new();
    private readonly SortedDictionary<string, JsonNode> _components = new(StringComparer.Ordinal);

    // Types that are exported in the place of a pointer to them.
    private readonly HashSet<Type> _open = [];

    // What a type is called that clients say: what it is called where they hear it.
    private readonly SortedDictionary<string, string> _inputs = new(StringComparer.Ordinal);

    public ContractSchemas(JsonSerializerOptions options) => _options = new JsonSerializerOptions(options)
    {
        // That a number may also come as text is no part of what an application says of itself.
        NumberHandling = options.NumberHandling & ~JsonNumberHandling.AllowReadingFromString,
    };

    public IReadOnlyDictionary<string, JsonNode> Components => _components;

    /// <summary>What clients hear.</summary>
    public JsonNode Heard(ContractType type) => SchemaOf(type, isInput: false);

    /// <summary>What clients say.</summary>
    public JsonNode Said(ContractType type) => SchemaOf(type, isInput: true);

    /// <summary>Of types whose two schemas say the same one goes, and what is only said has the plain name, also in <paramref name="document"/>.</summary>
    public void Unite(JsonNode document)
    {
        var same = _inputs.Where(names => _components.ContainsKey(names.Value)).ToDictionary(StringComparer.Ordinal);

        // Two that differ make those differ that speak of them.
        while (same.Where(names => Text(names.Key) != Text(names.Value)).Select(static names => names.Key).ToList() is { Count: > 0 } others)
        {
            others.ForEach(name => same.Remove(name));
        }

        foreach (var (input, plain) in _inputs.Where(names => !_components.ContainsKey(names.Value)).ToList())
        {
            same[input] = plain;
            _components[plain] = _components[input];
        }

        foreach (var input in same.Keys)
        {
            _components.Remove(input);
        }

        foreach (var node in _components.Values.Append(document))
        {
            Rename(node, same);
        }

        string Text(string name)
        {
            var copy = _components[name].DeepClone();
            Rename(copy, same);
            return copy.ToJsonString();
        }
    }

    private static void Rename(JsonNode? node, Dictionary<string, string> names)
    {
        switch (node)
        {
            case JsonObject members:
                if (members["$ref"] is JsonValue value && value.TryGetValue(out string? target) && names.TryGetValue(target[Prefix.Length..], out var name))
                {
                    members["$ref"] = Prefix + name;
                }

                foreach (var (_, member) in members)
                {
                    Rename(member, names);
                }

                break;
            case JsonArray elements:
                foreach (var element in elements)
                {
                    Rename(element, names);
                }

                break;
        }
    }

    private JsonNode SchemaOf(ContractType type, bool isInput)
    {
        if (type.Type == typeof(void))
        {
            return new JsonObject { ["type"] = "null" };
        }

        var info = _options.GetTypeInfo(type.Type);
        return IsNamed(info) ? Reference(info.Type, type.IsNullable, isInput) : type.IsNullable ? OrNull(Export(type.Type, isInput)) : Export(type.Type, isInput);
    }

    private static JsonObject OrNull(JsonNode schema) => new() { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) };

    private JsonObject Reference(Type type, bool isNullable, bool isInput)
    {
        var underlying = Nullable.GetUnderlyingType(type) ?? type;
        var name = _names.Of(underlying, isInput);
        if (isInput)
        {
            _inputs[name] = _names.Of(underlying, isInput: false);
        }

        if (_components.TryAdd(name, new JsonObject()))
        {
            _components[name] = Export(underlying, isInput);
        }

        var reference = new JsonObject { ["$ref"] = Prefix + name };
        return isNullable || underlying != type ? OrNull(reference) : reference;
    }

    private JsonNode Export(Type type, bool isInput) => JsonSchemaExporter.GetJsonSchemaAsNode(_options, type, new JsonSchemaExporterOptions
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = (context, node) => Transform(context, node, isInput),
    });

    private JsonNode Transform(JsonSchemaExporterContext context, JsonNode node, bool isInput)
    {
        // A derived type stands in its place, as there its discriminator is told.
        if (!context.Path.IsEmpty && context.BaseTypeInfo is null && IsNamed(context.TypeInfo))
        {
            return Reference(context.TypeInfo.Type, IsNullable(context, node), isInput);
        }

        // The exporter points to where the type stood before, which may be a place that has a name by now.
        if (node is JsonObject pointer && pointer.ContainsKey("$ref"))
        {
            return _open.Add(context.TypeInfo.Type) ? Close(context.TypeInfo.Type, Export(context.TypeInfo.Type, isInput)) : new JsonObject();
        }

        if (node is JsonObject value)
        {
            SchemaFormats.Add(value, Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type);
        }

        if (node is JsonObject members && members["properties"] is JsonObject properties && context.TypeInfo.Kind == JsonTypeInfoKind.Object)
        {
            Require(members, properties, context.TypeInfo, isInput);
        }

        return node;
    }

    private JsonNode Close(Type type, JsonNode schema)
    {
        _open.Remove(type);
        return schema;
    }

    private static bool IsNullable(JsonSchemaExporterContext context, JsonNode node) =>
        context.PropertyInfo is { } property
            ? property.IsGetNullable && !property.PropertyType.IsValueType
            : node is JsonObject members && members["type"] is JsonArray types && types.Any(static type => type?.GetValue<string>() == "null");

    // What is written has all members, but for those that are left out where they are null; what tells derived types apart is never left out.
    private void Require(JsonObject schema, JsonObject properties, JsonTypeInfo type, bool isInput)
    {
        var required = new JsonArray();
        var always = schema["required"] is JsonArray already ? already.Select(static name => name!.GetValue<string>()).ToHashSet(StringComparer.Ordinal) : [];
        foreach (var (name, _) in properties)
        {
            var property = type.Properties.FirstOrDefault(property => property.Name == name);
            if (property is null || (isInput ? always.Contains(name) : !MayBeLeftOut(property)))
            {
                required.Add((JsonNode)name);
            }
        }

        schema["required"] = required;
    }

    private bool MayBeLeftOut(JsonPropertyInfo property)
    {
        var attribute = property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: true).OfType<JsonIgnoreAttribute>().FirstOrDefault();
        var condition = attribute?.Condition ?? _options.DefaultIgnoreCondition;
        return property.Get is null || condition == JsonIgnoreCondition.WhenWritingDefault
            || (condition == JsonIgnoreCondition.WhenWritingNull && (!property.PropertyType.IsValueType || Nullable.GetUnderlyingType(property.PropertyType) is not null));
    }

    private static bool IsNamed(JsonTypeInfo info)
    {
        var type = Nullable.GetUnderlyingType(info.Type) ?? info.Type;
        return (type == info.Type ? info : info.Options.GetTypeInfo(type)).Kind == JsonTypeInfoKind.Object
            && type != typeof(object) && !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);
    }
}
