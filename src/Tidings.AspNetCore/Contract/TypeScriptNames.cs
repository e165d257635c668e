using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tidings.AspNetCore.Contract;

/// <summary>Names of a document as TypeScript can have them.</summary>
internal static class TypeScriptNames
{
    // What a file of types has besides, or cannot call a type.
    private static readonly HashSet<string> Taken =
    [
        "any", "App", "Array", "bigint", "boolean", "Exchange", "never", "null", "number", "object", "Record", "Register", "string", "symbol", "undefined", "unknown", "void",
    ];

    private static readonly HashSet<string> Words =
    [
        "arguments", "await", "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do", "else", "enum", "eval", "export", "extends", "false", "finally", "for",
        "function", "if", "implements", "import", "in", "instanceof", "interface", "let", "new", "null", "package", "private", "protected", "public", "return", "static", "super", "switch", "this",
        "throw", "true", "try", "typeof", "undefined", "var", "void", "while", "with", "yield",
    ];

    /// <summary>A text in single quotes.</summary>
    public static string Quoted(string text)
    {
        var escaped = JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value;
        return $"'{escaped.Replace("\\\"", "\"", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal).Replace("\u2028", "\\u2028", StringComparison.Ordinal).Replace("\u2029", "\\u2029", StringComparison.Ordinal)}'";
    }

    /// <summary>The name of a member: quoted where it is no identifier.</summary>
    public static string Member(string name) => IsIdentifier(name) ? name : Quoted(name);

    public static string Type(string name)
    {
        var identifier = Identifier(name);
        return Taken.Contains(identifier) || Words.Contains(identifier) ? identifier + "_" : identifier;
    }

    public static string Parameter(string name)
    {
        var identifier = Identifier(name);
        return Words.Contains(identifier) ? identifier + "_" : identifier;
    }

    private static bool IsIdentifier(string name) => name.Length > 0 && Identifier(name) == name;

    private static string Identifier(string name)
    {
        var identifier = new StringBuilder();
        foreach (var c in name)
        {
            identifier.Append(char.IsAsciiLetterOrDigit(c) || c is '_' or '$' || (c > 127 && char.IsLetter(c)) ? c : '_');
        }

        return identifier.Length == 0 || char.IsAsciiDigit(identifier[0]) ? "_" + identifier : identifier.ToString();
    }
}
