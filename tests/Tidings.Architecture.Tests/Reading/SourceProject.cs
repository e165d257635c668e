using System.Xml.Linq;

namespace Tidings.Architecture.Tests.Reading;

/// <summary>A project under <c>src</c> as its project file describes it: sources, references, friends.</summary>
internal sealed class SourceProject
{
    private readonly XElement _xml;
    private readonly string _folder;

    public SourceProject(string folder)
    {
        _folder = folder;
        Name = Path.GetFileName(folder);
        _xml = XElement.Load(Path.Combine(folder, Name + ".csproj"));
    }

    public string Name { get; }

    public IEnumerable<string> References => Included("ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path));

    public IEnumerable<string> Friends => Included("InternalsVisibleTo");

    public bool IsWeb => (string?)_xml.Attribute("Sdk") == "Microsoft.NET.Sdk.Web";

    /// <summary>Each source with the path that it has in its project: that of a linked file is its link.</summary>
    public IEnumerable<(string File, string InProject)> Sources()
    {
        foreach (var file in Directory.EnumerateFiles(_folder, "*.cs", SearchOption.AllDirectories))
        {
            yield return (file, Path.GetRelativePath(_folder, file));
        }

        foreach (var linked in _xml.Descendants("Compile").Where(item => item.Attribute("Link") is not null))
        {
            yield return (Path.GetFullPath(Path.Combine(_folder, (string)linked.Attribute("Include")!)), (string)linked.Attribute("Link")!);
        }
    }

    private IEnumerable<string> Included(string item) => _xml.Descendants(item).Select(one => (string)one.Attribute("Include")!);
}
