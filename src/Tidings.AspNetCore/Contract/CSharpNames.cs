using System.Buffers;
using System.Globalization;
using System.Text;

namespace Tidings.AspNetCore.Contract;

/// <summary>Names of a document as C# can have them, each once in its place.</summary>
internal sealed class CSharpNames(params IEnumerable<string> taken)
{
    private static readonly HashSet<string> Keywords =
    [
        "abstract", "as", "base", "bool", "break", "byte", "case", "catch", "char", "checked", "class", "const", "continue", "decimal", "default", "delegate", "do", "double", "else", "enum",
        "event", "explicit", "extern", "false", "finally", "fixed", "float", "for", "foreach", "goto", "if", "implicit", "in", "int", "interface", "internal", "is", "lock", "long", "namespace",
        "new", "null", "object", "operator", "out", "override", "params", "private", "protected", "public", "readonly", "ref", "return", "sbyte", "sealed", "short", "sizeof", "stackalloc",
        "static", "string", "struct", "switch", "this", "throw", "true", "try", "typeof", "uint", "ulong", "unchecked", "unsafe", "ushort", "using", "virtual", "void", "volatile", "while",
        "await", "field", "file", "record", "required", "scoped", "var", "value", "yield",
    ];

    private static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    private readonly HashSet<string> _taken = new(taken, StringComparer.Ordinal);

    /// <summary>All that are taken.</summary>
    public IEnumerable<string> All => _taken;

    /// <summary>The name of a type, member or method; of two that would be one the second has a number.</summary>
    /// <param name="text">As the document has it.</param>
    /// <param name="suffix">What stands after it.</param>
    public string Upper(string text, string suffix = "") => Unique(Pascal(text), suffix);

    /// <summary>The name of a parameter.</summary>
    public string Lower(string text)
    {
        var name = Unique(char.ToLowerInvariant(Pascal(text)[0]) + Pascal(text)[1..], "");
        return Keywords.Contains(name) ? "@" + name : name;
    }

    /// <summary>Whether a text is a namespace's name, as <c>Shop.Client</c>.</summary>
    public static bool IsNamespace(string text) =>
        text.Split('.').All(static part => part.Length > 0 && !char.IsAsciiDigit(part[0]) && !part.AsSpan().ContainsAnyExcept(Letters) && !Keywords.Contains(part));

    /// <summary>A text as C# writes it, in ASCII alone.</summary>
    public static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            _ = c is '"' or '\\' or < ' ' or > '~' ? quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }

    private string Unique(string name, string suffix)
    {
        var unique = name + suffix;
        for (var number = 2; !_taken.Add(unique); number++)
        {
            unique = string.Create(CultureInfo.InvariantCulture, $"{name}{number}{suffix}");
        }

        return unique;
    }

    // Letters and digits, each word beginning with a capital. Marks are left out: with them one name could be written in two ways.
    private static string Pascal(string text)
    {
        var name = new StringBuilder();
        var begins = true;
        foreach (var c in text)
        {
            if (char.IsLetter(c) || char.IsAsciiDigit(c))
            {
                name.Append(begins ? char.ToUpperInvariant(c) : c);
                begins = false;
            }
            else
            {
                begins = true;
            }
        }

        return name.Length == 0 || !char.IsLetter(name[0]) ? "_" + name : name.ToString();
    }
}
