using System.Text.RegularExpressions;

namespace Tidings.Architecture.Tests.Reading;

/// <summary>The order of folders: what stands below may use what stands above, and never the other way round.</summary>
/// <param name="folders">From the ground up: a project's folder and one below it, as <c>Tidings/Lanes/</c>.</param>
internal sealed partial class FolderOrder(IReadOnlyList<string> folders)
{
    private readonly Dictionary<string, int> _places = folders.Index().DistinctBy(static folder => folder.Item).ToDictionary(static folder => folder.Item, static folder => folder.Index);

    public IReadOnlyList<string> Folders => folders;

    /// <summary>Reads the table of ARCHITECTURE.md: a row of a project, then one of each of its folders; <c>./</c> is the project's own folder.</summary>
    public static FolderOrder Read(string text)
    {
        var folders = new List<string>();
        var project = "";
        foreach (Match row in Row().Matches(text))
        {
            var name = row.Groups["name"].Value;
            if (!row.Groups["below"].Success)
            {
                project = name;
            }
            else
            {
                folders.Add(name == "./" ? project + "/" : $"{project}/{name}");
            }
        }

        return new FolderOrder(folders);
    }

    /// <summary>Those of <paramref name="dependencies"/> that run against the order, each pair of types once, with both ends.</summary>
    public IReadOnlyList<string> Violations(IEnumerable<Dependency> dependencies) =>
    [
        .. dependencies.Where(IsAgainst).DistinctBy(static one => (one.From, one.To, one.User.Name, one.Used.Name))
            .Select(static one => $"{one.From} must not know {one.To}: {one}"),
    ];

    // A folder that is not in the list is above nothing and below nothing.
    private bool IsAgainst(Dependency one) =>
        !_places.TryGetValue(one.From, out var from) || !_places.TryGetValue(one.To, out var to) || to > from;

    [GeneratedRegex(@"^\| (?<below>– )?`(?<name>[\w./]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
