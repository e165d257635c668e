using Tidings.Architecture.Tests.Reading;

namespace Tidings.Architecture.Tests;

/// <summary>What applications see of each package stands in <c>src/PROJECT/PublicApi.txt</c>, so that every change is seen in review.</summary>
/// <remarks>After a change on purpose: <c>TIDINGS_WRITE_API=1 ./test Architecture</c>, and a line in CHANGELOG.md.</remarks>
public sealed class PublicApiTests
{
    // A program, which nobody refers to.
    private const string Program = "Tidings.Server";

    public static TheoryData<string> Packages => [.. SourceCode.Projects.Select(static project => project.AssemblyName!).Where(static name => name != Program).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Packages))]
    public void What_a_package_shows_is_written_down(string package)
    {
        var shown = PublicApi.Of(SourceCode.Projects.Single(project => project.AssemblyName == package));
        var file = Repository.PathOf("src", package, "PublicApi.txt");
        if (Environment.GetEnvironmentVariable("TIDINGS_WRITE_API") is not null)
        {
            File.WriteAllLines(file, shown);
        }

        var written = File.ReadAllLines(file);
        var changes = written.Except(shown).Select(static line => "- " + line).Concat(shown.Except(written).Select(static line => "+ " + line)).ToList();
        Assert.True(written.SequenceEqual(shown), $"The public API of {package} is not what {file} says:\n{string.Join('\n', changes)}");
    }
}
