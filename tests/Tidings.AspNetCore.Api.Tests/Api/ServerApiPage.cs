using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tidings.AspNetCore.Api.Tests.Api;

/// <summary>The tables of docs/server-api.md, made from the OpenAPI document. The text and the examples around them are written by hand.</summary>
internal sealed class ServerApiPage(JsonElement document)
{
    /// <summary>The operations of the document, but for the application's own resources.</summary>
    public IReadOnlyDictionary<string, (string Route, JsonElement Operation)> Operations { get; } = document.GetProperty("paths").EnumerateObject()
        .SelectMany(static path => path.Value.EnumerateObject().Select(operation => (Route: $"{operation.Name.ToUpperInvariant()} {path.Name}", Operation: operation.Value)))
        .ToDictionary(static entry => entry.Operation.GetProperty("operationId").GetString()!["tidings_".Length..], StringComparer.Ordinal);

    /// <summary>The page with the table of each operation made anew.</summary>
    public string Renew(string page)
    {
        foreach (var name in Operations.Keys)
        {
            var (mark, closing) = ($"<!-- {name}: written by a test from the OpenAPI document -->\n", $"<!-- end of {name} -->\n");
            var (begin, end) = (page.IndexOf(mark, StringComparison.Ordinal), page.IndexOf(closing, StringComparison.Ordinal));
            Assert.True(begin >= 0 && end > begin, $"docs/server-api.md has no place for {name}: it needs the lines\n{mark}{closing}");
            page = page[..begin] + mark + Section(name) + page[end..];
        }

        return page;
    }

    private string Section(string name)
    {
        var (route, operation) = Operations[name];
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"\n### `{route}`\n\n{operation.GetProperty("summary").GetString()}\n\n");
        List<string> rows =
        [
            .. Parameters(operation),
            .. operation.TryGetProperty("requestBody", out var body) ? Fields(Schema(body), "") : [],
        ];
        Table(text, "field", rows);
        foreach (var response in operation.GetProperty("responses").EnumerateObject().Where(static response => response.Name[0] == '2'))
        {
            Table(text, "answer", Fields(Schema(response.Value), ""));
        }

        var statuses = operation.GetProperty("responses").EnumerateObject().Select(static response => response.Name);
        text.Append(CultureInfo.InvariantCulture, $"Statuses: {string.Join(", ", statuses)}.\n\n");
        return text.ToString();
    }

    private static void Table(StringBuilder text, string title, IEnumerable<string> rows)
    {
        var lines = rows.ToList();
        if (lines.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {title} | type | meaning |\n| --- | --- | --- |\n{string.Concat(lines)}\n");
        }
    }

    private static IEnumerable<string> Parameters(JsonElement operation) =>
        (operation.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray().ToArray() : [])
        .Select(static parameter => Row(
            parameter.GetProperty("in").GetString() == "path" ? $"`{{{parameter.GetProperty("name").GetString()}}}`" : $"`?{parameter.GetProperty("name").GetString()}`",
            !(parameter.TryGetProperty("required", out var required) && required.GetBoolean()), parameter.GetProperty("schema"), Description(parameter)));

    // Members of an object, and of the objects in its lists with the list's name before them.
    private IEnumerable<string> Fields(JsonElement schema, string prefix)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("properties", out var properties))
        {
            yield break;
        }

        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(static name => name.GetString()!).ToHashSet() : [];
        foreach (var property in properties.EnumerateObject())
        {
            yield return Row($"`{prefix}{property.Name}`", !required.Contains(property.Name), property.Value, Description(property.Value));
            if (prefix.Length == 0 && property.Value.TryGetProperty("items", out var items) && Resolve(items) is var item)
            {
                foreach (var row in Fields(item, property.Name + "[]."))
                {
                    yield return row;
                }
            }
        }
    }

    private JsonElement Schema(JsonElement content) =>
        content.TryGetProperty("content", out var types) ? Resolve(types.EnumerateObject().First().Value.GetProperty("schema")) : default;

    private JsonElement Resolve(JsonElement schema) =>
        schema.TryGetProperty("$ref", out var reference) ? document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]) : schema;

    private static string Row(string name, bool optional, JsonElement schema, string meaning) => $"| {name}{(optional ? "?" : "")} | {TypeOf(schema)} | {meaning} |\n";

    private static string Description(JsonElement element)
    {
        Assert.True(element.TryGetProperty("description", out var text), $"This has no description: {element}");
        return text.GetString()!.Replace("|", "\\|", StringComparison.Ordinal);
    }

    private static string TypeOf(JsonElement schema)
    {
        if (!schema.TryGetProperty("type", out var type))
        {
            return "JSON";
        }

        var word = (type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(static name => name.GetString()!) : [type.GetString()!]).Single(static name => name != "null");
        return word switch
        {
            "string" => "text",
            "integer" => "whole number",
            "boolean" => "`true`, `false`",
            "array" => "list",
            _ => word,
        };
    }
}
