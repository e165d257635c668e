using System.Text.RegularExpressions;

namespace Tidings.Architecture.Tests.Reading;

/// <summary>Reads what scripts import of other folders: by <c>import</c> and <c>export … from</c>, and for types in comments (<c>import('…')</c>).</summary>
internal static partial class ScriptReader
{
    /// <summary>Reads the scripts under <paramref name="folder"/>, which is called <paramref name="name"/>.</summary>
    public static IEnumerable<Dependency> ReadFolder(string folder, string name) =>
        Directory.EnumerateFiles(folder, "*.js", SearchOption.AllDirectories)
            .SelectMany(file => Read($"{name}/{Path.GetRelativePath(folder, file).Replace('\\', '/')}", File.ReadAllText(file)));

    public static IEnumerable<Dependency> Read(string file, string text)
    {
        foreach (Match match in Import().Matches(text))
        {
            var imported = Resolve(file, match.Groups["path"].Value);
            var (from, to) = (CodeReader.FolderOf(file), CodeReader.FolderOf(imported));
            if (from != to)
            {
                var line = text.AsSpan(0, match.Index).Count('\n') + 1;
                yield return new Dependency(from, new CodePlace(Path.GetFileName(file), file, line), to, new CodePlace(Path.GetFileName(imported), imported, 1));
            }
        }
    }

    private static string Resolve(string file, string path) =>
        Path.GetRelativePath("/", Path.GetFullPath(path, "/" + CodeReader.FolderOf(file))).Replace('\\', '/');

    [GeneratedRegex(@"(?:\bfrom |\bimport |\bimport\()'(?<path>\.[^']+)'")]
    private static partial Regex Import();
}
