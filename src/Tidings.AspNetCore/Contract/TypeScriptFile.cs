using System.Text;
using System.Text.Json;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Contract;

/// <summary>What an application declares in its AsyncAPI document, as types for <c>tidings-client</c>.</summary>
internal static class TypeScriptFile
{
    /// <param name="document">An AsyncAPI document.</param>
    /// <param name="register">Whether the types hold for every client of the program; otherwise for those of <c>new Tidings&lt;App&gt;()</c>.</param>
    /// <exception cref="FormatException">The document is none of Tidings, or of a version that declares nothing.</exception>
    public static string Write(JsonElement document, bool register = true)
    {
        if (document.ValueKind != JsonValueKind.Object || !document.TryGetProperty(ContractDocument.Member, out var tidings) || tidings.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"This is no AsyncAPI document of a Tidings application: it has no \"{ContractDocument.Member}\".");
        }

        try
        {
            return Write(document, tidings, register);
        }
        catch (Exception fault) when (fault is InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException($"\"{ContractDocument.Member}\" of this document is not as Tidings writes it.", fault);
        }
    }

    private static string Write(JsonElement document, JsonElement tidings, bool register)
    {
        var app = new StringBuilder();
        Section(app, "channels", Channels(tidings));
        Section(app, "calls", Members(tidings, "calls").Select(call => $"{TypeScriptNames.Member(call.Name)}({Parameters(call.Value)}): {Type(call.Value, "result")};"));
        Section(app, "tasks", Members(tidings, "tasks").Select(task => $"{TypeScriptNames.Member(task.Name)}: {Type(task.Value, "result")};"));
        Section(app, "resources", Members(tidings, "resources").Select(resource => $"{TypeScriptNames.Member(resource.Name)}: {Type(resource.Value, "row")};"));

        var file = new StringBuilder("// Written by Tidings from what the application declares. Changes by hand are lost.\n");
        if (app.ToString().Contains("Exchange<", StringComparison.Ordinal))
        {
            file.Append("import type { Exchange } from 'tidings-client';\n");
        }
        else if (register)
        {
            file.Append("import type {} from 'tidings-client';\n");
        }

        foreach (var schema in Schemas(document))
        {
            file.Append('\n').Append(Declaration(schema)).Append('\n');
        }

        file.Append("\nexport interface App {\n").Append(app).Append("}\n");
        if (register)
        {
            file.Append("\ndeclare module 'tidings-client' {\n  interface Register extends App {}\n}\n");
        }

        return file.ToString();
    }

    private static string Declaration(JsonProperty schema)
    {
        var name = TypeScriptNames.Type(schema.Name);
        return TypeScriptSchema.Members(schema.Value) is { } members
            ? members.Length == 0 ? $"export interface {name} {{}}" : $"export interface {name} {{\n{members}\n}}"
            : $"export type {name} = {TypeScriptSchema.Of(schema.Value)};";
    }

    private static void Section(StringBuilder app, string name, IEnumerable<string> lines)
    {
        var all = lines.ToList();
        if (all.Count > 0)
        {
            app.Append("  ").Append(name).Append(": {\n");
            all.ForEach(line => app.Append("    ").Append(line).Append('\n'));
            app.Append("  };\n");
        }
    }

    // The client takes the narrowest of several patterns, the server the first: a pattern of which an earlier one has all never holds.
    private static IEnumerable<string> Channels(JsonElement tidings)
    {
        List<string> earlier = [];
        foreach (var channel in tidings.TryGetProperty("channels", out var all) ? all.EnumerateArray() : [])
        {
            var pattern = channel.GetProperty("pattern").GetString()!;
            var isCovered = earlier.Exists(other => Covers(other, pattern));
            earlier.Add(pattern);
            if (isCovered || !(channel.TryGetProperty("message", out _) || channel.TryGetProperty("publish", out _)))
            {
                continue;
            }

            var (heard, said) = (Type(channel, "message"), Type(channel, "publish"));
            yield return $"{TypeScriptNames.Quoted(pattern)}: {(heard == said ? heard : $"Exchange<{heard}, {said}>")};";
        }
    }

    private static bool Covers(string earlier, string later)
    {
        if (ChannelPattern.Fault(earlier) is not null || ChannelPattern.Fault(later) is not null)
        {
            return earlier == later;
        }

        // A name of the later kind, as no pattern has it by chance.
        var pattern = new ChannelPattern(later);
        var name = pattern.Values.Aggregate(later, static (text, value) => text.Replace($"{{{value}}}", "~tidings~", StringComparison.Ordinal)).Replace("*", "~tidings~:~tidings~", StringComparison.Ordinal);
        return new ChannelPattern(earlier).Matches(name);
    }

    private static string Parameters(JsonElement call)
    {
        var parameters = call.GetProperty("params").EnumerateArray().ToList();
        var lastRequired = parameters.FindLastIndex(static parameter => parameter.GetProperty("required").GetBoolean());

        // A single object is taken for all parameters: with one that is a parameter the second is said, if only as undefined.
        if (lastRequired <= 0 && parameters.Count > 1 && !call.GetProperty("whole").GetBoolean() && !IsSimple(parameters[0].GetProperty("schema")))
        {
            lastRequired = 1;
        }

        return string.Join(", ", parameters.Select((parameter, i) =>
        {
            var isRequired = parameter.GetProperty("required").GetBoolean();
            var type = TypeScriptSchema.Of(parameter.GetProperty("schema"));
            return $"{TypeScriptNames.Parameter(parameter.GetProperty("name").GetString()!)}{(isRequired || i <= lastRequired ? "" : "?")}: {(!isRequired && i <= lastRequired ? type + " | undefined" : type)}";
        }));
    }

    private static bool IsSimple(JsonElement schema) =>
        TypeScriptSchema.Of(schema).Split(" | ").All(static type => type is "string" or "number" or "boolean" or "null" || type[0] is '\'' || char.IsAsciiDigit(type[0]));

    private static string Type(JsonElement entry, string name) => entry.TryGetProperty(name, out var schema) ? TypeScriptSchema.Of(schema) : "any";

    private static IEnumerable<JsonProperty> Members(JsonElement element, string name) =>
        element.TryGetProperty(name, out var members) && members.ValueKind == JsonValueKind.Object ? members.EnumerateObject() : [];

    private static IEnumerable<JsonProperty> Schemas(JsonElement document) =>
        document.TryGetProperty("components", out var components) && components.ValueKind == JsonValueKind.Object ? Members(components, "schemas") : [];
}
