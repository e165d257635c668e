using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Tidings.Samples.Tests.Documentation;

/// <summary>A page of the documentation, as much of it as its links and blocks of code need.</summary>
internal sealed partial class MarkdownPage
{
    private readonly string _path;
    private readonly string _text;

    private MarkdownPage(string path)
    {
        _path = path;
        _text = File.ReadAllText(path);
        Name = Path.GetRelativePath(Root, path);
    }

    /// <summary>The repository: this program lies in <c>artifacts/bin/PROJECT/CONFIGURATION</c>.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", ".."));

    public static IReadOnlyList<MarkdownPage> All { get; } =
    [
        .. Directory.GetFiles(Root, "*.md")
            .Concat(Directory.GetFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories))
            .Append(Path.Combine(Root, "samples", "README.md"))
            .Append(Path.Combine(Root, "bench", "README.md"))
            .Order(StringComparer.Ordinal).Select(static path => new MarkdownPage(path)),
    ];

    /// <summary>The pages that go with packages.</summary>
    public static IReadOnlyList<MarkdownPage> OfPackages { get; } =
    [
        .. Directory.GetDirectories(Path.Combine(Root, "src")).Append(Path.Combine(Root, "clients", "js"))
            .Select(static folder => Path.Combine(folder, "README.md")).Where(File.Exists).Select(static path => new MarkdownPage(path)),
    ];

    /// <summary>Its path in the repository.</summary>
    public string Name { get; }

    /// <summary>Where its relative links lead: the file or folder, and the heading or "".</summary>
    public IEnumerable<(string Link, string Path, string Anchor)> Links =>
        from match in Target().Matches(Code().Replace(_text, ""))
        let link = match.Groups["to"].Value
        where !link.Contains(':', StringComparison.Ordinal)
        let parts = link.Split('#', 2)
        select (link, parts[0].Length == 0 ? _path : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(_path)!, parts[0])), parts.Length > 1 ? parts[1] : "");

    /// <summary>The names that GitHub gives its headings.</summary>
    public IReadOnlySet<string> Anchors
    {
        get
        {
            var anchors = new HashSet<string>(StringComparer.Ordinal);
            foreach (Match heading in Heading().Matches(Fence().Replace(_text, "")))
            {
                var slug = Slug(heading.Groups["text"].Value);
                var unique = slug;
                for (var number = 1; !anchors.Add(unique); number++)
                {
                    unique = string.Create(CultureInfo.InvariantCulture, $"{slug}-{number}");
                }
            }

            return anchors;
        }
    }

    /// <summary>Its blocks of C# that are to be compiled, with the line on which each begins and what the page gives it.</summary>
    public IEnumerable<(int Line, string Given, string Code)> Snippets =>
        from match in Snippet().Matches(_text)
        where !match.Groups["skipped"].Success
        select (_text.AsSpan(0, match.Groups["code"].Index).Count('\n'), match.Groups["given"].Value, match.Groups["code"].Value);

    private static string Slug(string heading)
    {
        var slug = new StringBuilder();
        foreach (var character in Link().Replace(heading, "${text}").ToLowerInvariant())
        {
            if (character == ' ')
            {
                slug.Append('-');
            }
            else if (char.IsLetterOrDigit(character) || character is '-' or '_')
            {
                slug.Append(character);
            }
        }

        return slug.ToString();
    }

    // Around a picture is often another link.
    [GeneratedRegex(@"\]\((?<to>[^)\s]+)\)")]
    private static partial Regex Target();

    [GeneratedRegex(@"\[(?<text>[^\[\]]*)\]\([^)\s]+\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("^```.*?^```|`[^`\n]*`", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex("(?:<!-- (?:given: (?<given>[^\n]*)|(?<skipped>not compiled: [^\n]+)) -->\n)?^```csharp\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Snippet();
}
