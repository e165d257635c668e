using System.Text;
using System.Text.Json;

namespace Tidings.AspNetCore.Contract;

/// <summary>What an application declares in its AsyncAPI document, as types for <c>tidings-client</c>.</summary>
internal static class TypeScriptFile
{
    /// <param name="document">An AsyncAPI document.</param>
    /// <param name="register">Whether the types hold for every client of the program; otherwise for those of <c>new Tidings&lt;App&gt;()</c>.</param>
    /// <exception cref="FormatException">The document is none of Tidings, or of a version that declares nothing.</exception>
    public static string Write(JsonElement document, bool register = true) => DocumentContract.Write(document, contract => Write(contract, register));

    private static string Write(DocumentContract contract, bool register)
    {
        var app = new StringBuilder();
        Section(app, "channels", Channels(contract));
        Section(app, "calls", contract.Members("calls").Select(call => $"{TypeScriptNames.Member(call.Name)}({Parameters(call.Value)}): {Type(call.Value, "result")};"));
        Section(app, "tasks", contract.Members("tasks").Select(task => $"{TypeScriptNames.Member(task.Name)}: {Type(task.Value, "result")};"));
        Section(app, "resources", contract.Members("resources").Select(resource => $"{TypeScriptNames.Member(resource.Name)}: {Type(resource.Value, "row")};"));

        var file = new StringBuilder("// Written by Tidings from what the application declares. Changes by hand are lost.\n");
        if (app.ToString().Contains("Exchange<", StringComparison.Ordinal))
        {
            file.Append("import type { Exchange } from 'tidings-client';\n");
        }
        else if (register)
        {
            file.Append("import type {} from 'tidings-client';\n");
        }

        foreach (var schema in contract.Schemas)
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

    // Of several patterns the client takes the narrowest.
    private static IEnumerable<string> Channels(DocumentContract contract)
    {
        foreach (var (pattern, channel) in contract.Channels())
        {
            var (heard, said) = (Type(channel, "message"), Type(channel, "publish"));
            yield return $"{TypeScriptNames.Quoted(pattern)}: {(heard == said ? heard : $"Exchange<{heard}, {said}>")};";
        }
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
}
