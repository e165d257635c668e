using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Tidings.CommandLine.Tests.Configuration;

/// <summary>What the XML documentation says of types and properties, as Markdown for a page in docs/.</summary>
internal sealed partial class XmlDocs
{
    private readonly Dictionary<string, XElement> _members = [];

    public XmlDocs(params ReadOnlySpan<Type> ofAssemblies)
    {
        foreach (var type in ofAssemblies)
        {
            foreach (var member in XDocument.Load(Path.ChangeExtension(type.Assembly.Location, ".xml")).Descendants("member"))
            {
                _members[member.Attribute("name")!.Value] = member.Element("summary") ?? new XElement("summary");
            }
        }
    }

    /// <summary>What a group of options is about.</summary>
    public string Of(Type type) => Text($"T:{type.FullName}");

    /// <summary>What an option means, and what its documentation says of the default; the latter is empty where it says nothing.</summary>
    public (string Meaning, string Default) Of(PropertyInfo property)
    {
        var text = Text($"P:{property.DeclaringType!.FullName}.{property.Name}");
        var match = DefaultSentence().Match(text);
        return match.Success
            ? ((text[..match.Index] + text[(match.Index + match.Length)..]).Trim(), match.Groups["value"].Value)
            : (text, "");
    }

    // From "Default" to the end of the sentence, which a file's name or a host's does not end.
    [GeneratedRegex(@"(?<=^|\. )Default:? (?<value>.+?)\.(?= |$) ?")]
    private static partial Regex DefaultSentence();

    [GeneratedRegex(@"\(docs/(?<page>[\w./-]+\.md)(?<part>#[\w-]+)?\)")]
    private static partial Regex Page();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    private string Text(string member)
    {
        Assert.True(_members.TryGetValue(member, out var summary), $"{member} has no documentation.");
        var text = new StringBuilder();
        foreach (var node in summary!.Nodes())
        {
            text.Append(node switch
            {
                XText plain => plain.Value,
                XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
                XElement { Name.LocalName: "see" } see when see.Attribute("cref")?.Value is { } name => $"`{Name(name)}`",
                _ => throw new InvalidOperationException($"{member} has {node}, which the page cannot show."),
            });
        }

        return Page().Replace(Space().Replace(text.ToString(), " ").Trim(), static match => $"([{Path.GetFileNameWithoutExtension(match.Groups["page"].Value)}]({match.Groups["page"].Value}{match.Groups["part"].Value}))");
    }

    // The last word of "P:Tidings.X.Y"; names of an enumeration as they are written in a configuration.
    private static string Name(string cref) => cref.Split('.')[^1] is var word && cref.StartsWith("F:", StringComparison.Ordinal) ? word.ToLowerInvariant() : word;
}
