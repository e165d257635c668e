using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tidings.AspNetCore.Contract;

/// <summary>Records and enums of a file of C#. What derives from a record is told by a member that is constant in each of them.</summary>
internal sealed class CSharpRecords(CSharpTypes types)
{
    private const string Serialization = "global::System.Text.Json.Serialization.";

    /// <summary>What a record has besides.</summary>
    public static readonly string[] Taken = ["Clone", "EqualityContract", "Equals", "Finalize", "GetHashCode", "GetType", "MemberwiseClone", "PrintMembers", "ReferenceEquals", "ToString"];

    private readonly List<string> _declarations = [];

    /// <summary>In the order in which they were asked for.</summary>
    public IEnumerable<string> Declarations => _declarations;

    /// <summary>The member that tells alternatives apart, all but one of which have it as a constant; null where there is none.</summary>
    public static string? Discriminator(List<JsonElement> alternatives)
    {
        var with = alternatives.Select(Constant).ToList();
        var name = with.FirstOrDefault(static constant => constant is not null)?.Name;
        return name is not null && alternatives.TrueForAll(IsObject) && with.TrueForAll(constant => constant is null || constant.Value.Name == name)
            && with.Count(static constant => constant is null) <= 1 && with.Select(static constant => constant?.Value.GetRawText()).Distinct().Count() == with.Count
            ? name
            : null;
    }

    /// <summary>Declares a record, and what it is made of.</summary>
    public void Declare(string name, JsonElement schema, int depth)
    {
        var place = _declarations.Count;
        _declarations.Add("");
        _declarations[place] = CSharpTypes.Alternatives(schema) is { } alternatives && Discriminator(alternatives) is { } discriminator
            ? Base(name, alternatives, discriminator, depth)
            : Record($"public sealed record {name}", Body(name, schema, new CSharpNames([.. Taken, name]), static _ => true, depth));
    }

    /// <summary>Declares what a method is given, by name.</summary>
    /// <param name="name">The record's name.</param>
    /// <param name="members">Each with its name in JSON and in C#.</param>
    public void DeclareParameters(string name, IEnumerable<(string Json, string Member, CSharpType Type, bool IsRequired)> members)
    {
        var body = new StringBuilder();
        foreach (var (json, member, type, isRequired) in members)
        {
            Member(body, json, member, type, isRequired);
        }

        _declarations.Add(Record($"internal sealed record {name}", body.ToString()));
    }

    /// <summary>Declares an enum of texts.</summary>
    public void DeclareEnum(string name, List<string> texts)
    {
        var names = new CSharpNames();
        var members = texts.Distinct(StringComparer.Ordinal).Select(text => $"    [{Serialization}JsonStringEnumMemberName({CSharpNames.Quoted(text)})]\n    {names.Upper(text)},\n");
        _declarations.Add($"[{Serialization}JsonConverter(typeof({Serialization}JsonStringEnumConverter<{name}>))]\npublic enum {name}\n{{\n{string.Concat(members)}}}");
    }

    private static bool IsObject(JsonElement schema) => schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object;

    private static JsonProperty? Constant(JsonElement schema)
    {
        if (IsObject(schema))
        {
            foreach (var property in schema.GetProperty("properties").EnumerateObject())
            {
                if (property.Value.ValueKind == JsonValueKind.Object && property.Value.TryGetProperty("const", out var value)
                    && (value.ValueKind == JsonValueKind.String || (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out _))))
                {
                    return property;
                }
            }
        }

        return null;
    }

    private string Base(string name, List<JsonElement> alternatives, string discriminator, int depth)
    {
        // What all have stands in the base, as what derives from it must not have it again.
        var common = Members(alternatives[0]).Where(member => member.Name != discriminator && alternatives.TrueForAll(other => Has(other, alternatives[0], member))).Select(static member => member.Name).ToHashSet(StringComparer.Ordinal);
        var names = new CSharpNames([.. Taken, name]);
        var text = new StringBuilder($"[{Serialization}JsonPolymorphic(TypeDiscriminatorPropertyName = {CSharpNames.Quoted(discriminator)})]\n");
        var members = Body(name, alternatives[0], names, common.Contains, depth);
        var isAbstract = true;
        foreach (var alternative in alternatives)
        {
            if (Constant(alternative) is not { } constant)
            {
                isAbstract = false;
                continue;
            }

            var value = constant.Value.GetProperty("const");
            var told = value.ValueKind == JsonValueKind.String ? CSharpNames.Quoted(value.GetString()!) : value.GetInt32().ToString(CultureInfo.InvariantCulture);
            var derived = types.NewName($"{name} {value}");
            text.Append(CultureInfo.InvariantCulture, $"[{Serialization}JsonDerivedType(typeof({derived}), {told})]\n");
            var place = _declarations.Count;
            _declarations.Add("");
            var own = Body(derived, alternative, new CSharpNames([.. names.All, derived]), member => member != discriminator && !common.Contains(member), depth);
            _declarations[place] = Record($"public sealed record {derived} : {name}", own);
        }

        return text + Record($"public {(isAbstract ? "abstract " : "")}record {name}", members);
    }

    private static bool Has(JsonElement other, JsonElement first, JsonProperty member) =>
        other.GetProperty("properties").TryGetProperty(member.Name, out var same) && JsonElement.DeepEquals(same, member.Value) && Required(other).Contains(member.Name) == Required(first).Contains(member.Name);

    private static IEnumerable<JsonProperty> Members(JsonElement schema) =>
        schema.TryGetProperty("properties", out var properties) ? properties.EnumerateObject().DistinctBy(static property => property.Name, StringComparer.Ordinal) : [];

    private static HashSet<string> Required(JsonElement schema) =>
        schema.TryGetProperty("required", out var all) ? all.EnumerateArray().Select(static one => one.GetString()!).ToHashSet(StringComparer.Ordinal) : [];

    private static string Record(string head, string body) => body.Length == 0 ? head + ";" : $"{head}\n{{\n{body}}}";

    private string Body(string name, JsonElement schema, CSharpNames names, Func<string, bool> isOwn, int depth)
    {
        var required = Required(schema);
        var members = new StringBuilder();
        foreach (var property in Members(schema).Where(property => isOwn(property.Name)))
        {
            var member = names.Upper(property.Name);
            var type = types.Of(property.Value, $"{name} {member}", depth + 1);
            Member(members, property.Name, member, type, required.Contains(property.Name));
        }

        return members.ToString();
    }

    private static void Member(StringBuilder members, string name, string member, CSharpType type, bool isRequired)
    {
        members.Append(CultureInfo.InvariantCulture, $"    [{Serialization}JsonPropertyName({CSharpNames.Quoted(name)})]\n");
        if (!isRequired)
        {
            members.Append(CultureInfo.InvariantCulture, $"    [{Serialization}JsonIgnore(Condition = {Serialization}JsonIgnoreCondition.WhenWritingNull)]\n");
        }

        members.Append(CultureInfo.InvariantCulture, $"    public {(isRequired ? "required " : "")}{(isRequired ? type : type.OrNull)} {member} {{ get; init; }}\n");
    }
}
