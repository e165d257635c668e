using Tidings.Architecture.Tests.Reading;

namespace Tidings.Architecture.Tests;

/// <summary>ARCHITECTURE.md lists the folders from the ground up, and no code uses what stands below it in the list.</summary>
public sealed class DependencyOrderTests
{
    private const string Scripts = "clients/js/src";

    private static readonly FolderOrder Order = FolderOrder.Read(File.ReadAllText(Repository.PathOf("ARCHITECTURE.md")));

    private static string ScriptFolder => Repository.PathOf(Scripts);

    [Fact]
    public void Every_folder_with_code_is_listed_once()
    {
        var folders = SourceCode.Projects.SelectMany(static project => project.SyntaxTrees).Select(static tree => tree.FilePath).Where(static path => path.Length > 0)
            .Concat(Directory.EnumerateFiles(ScriptFolder, "*.js", SearchOption.AllDirectories).Select(static file => $"{Scripts}/{Path.GetRelativePath(ScriptFolder, file)}"))
            .Select(CodeReader.FolderOf).Distinct();

        Assert.Equal(folders.Order(StringComparer.Ordinal), Order.Folders.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Nothing_uses_what_stands_below_it() => AssertNone(Order.Violations(SourceCode.Projects.SelectMany(CodeReader.Read)));

    [Fact]
    public void No_script_imports_what_stands_below_it() => AssertNone(Order.Violations(ScriptReader.ReadFolder(ScriptFolder, Scripts)));

    // A name that is not found would be a dependency that nobody sees.
    [Fact]
    public void Every_name_in_the_code_is_found() => AssertNone([
        .. SourceCode.Projects.SelectMany(static project => project.GetDiagnostics()).Where(static fault => fault.Id is "CS0103" or "CS0234" or "CS0246").Select(static fault => fault.ToString())]);

    private static void AssertNone(IReadOnlyList<string> faults) => Assert.True(faults.Count == 0, string.Join('\n', faults));
}
