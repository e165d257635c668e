using System.IO.Compression;
using System.Reflection.Metadata;
using System.Text;
using System.Xml.Linq;
using Tidings.Deployment.Tests.Infrastructure;

namespace Tidings.Deployment.Tests.Packages;

/// <summary>What is in the packages.</summary>
[Collection<PackedPackages>]
public sealed class PackageTests(PackedPackages packed)
{
    // https://github.com/dotnet/runtime/blob/main/docs/design/specs/PortablePdb-Metadata.md#embedded-source-c-and-vb-compilers
    private static readonly Guid EmbeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    public static TheoryData<string> Ids => [.. Directory.GetDirectories(Repository.PathOf("src")).Select(static path => Path.GetFileName(path))];

    public static TheoryData<string> Libraries => [.. Ids.Select(static row => row.Data).Where(static id => id != "Tidings.Server")];

    [Fact]
    public void There_is_a_package_with_symbols_of_each_project_and_no_other() =>
        Assert.Equal(
            Ids.SelectMany(row => new[] { $"{row.Data}.{packed.Version}.nupkg", $"{row.Data}.{packed.Version}.snupkg" }).Append($"Tidings.Templates.{packed.Version}.nupkg").Order(StringComparer.Ordinal),
            Directory.GetFiles(packed.Folder).Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_package_says_what_it_is(string id)
    {
        using var package = packed.Open(id);
        var metadata = Metadata(package, id);
        Assert.Equal(id, metadata("id"));
        Assert.Equal("Apache-2.0", metadata("license"));
        Assert.NotEqual("Package Description", metadata("description"));
        Assert.Equal("icon.png", metadata("icon"));
        Assert.Equal("README.md", metadata("readme"));
        using var icon = package.GetEntry("icon.png")!.Open();
        var png = new byte[24];
        icon.ReadExactly(png);
        // PNG, third edition, 11.2.1: the width and the height are the first fields of the first chunk.
        Assert.Equal(new byte[] { 0, 0, 0, 128, 0, 0, 0, 128 }, png[16..]);
        var readme = Text(package, "README.md");
        Assert.StartsWith($"# {id}\n", readme);
        Assert.DoesNotContain("](.", readme, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_library_has_its_documentation(string id)
    {
        using var package = packed.Open(id);
        Assert.Equal([$"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml"], package.Entries.Select(static entry => entry.FullName).Where(static name => name.StartsWith("lib/", StringComparison.Ordinal)));
        Assert.NotEmpty(XDocument.Parse(Text(package, $"lib/net10.0/{id}.xml")).Descendants("summary"));
    }

    [Theory]
    [InlineData("Aspire.Hosting.Tidings")]
    [InlineData("Tidings.Protocol")]
    [InlineData("Tidings.Identity")]
    [InlineData("Tidings", "Tidings.Identity", "Tidings.Protocol")]
    [InlineData("Tidings.AspNetCore", "Tidings")]
    [InlineData("Tidings.Data", "Tidings")]
    [InlineData("Tidings.PostgreSql", "Tidings")]
    [InlineData("Tidings.Redis", "Tidings")]
    [InlineData("Tidings.EntityFrameworkCore", "Tidings")]
    [InlineData("Tidings.Extensions.AI", "Tidings.AspNetCore")]
    [InlineData("Tidings.Resources", "Tidings.AspNetCore", "Tidings.EntityFrameworkCore")]
    [InlineData("Tidings.Client", "Tidings.Protocol")]
    [InlineData("Tidings.Testing", "Tidings.AspNetCore")]
    [InlineData("Tidings.Specification", "Tidings")]
    [InlineData("Tidings.Server")]
    public void Packages_that_share_internals_go_together_in_one_version(string id, params string[] needed)
    {
        using var package = packed.Open(id);
        var dependencies = Nuspec(package, id).Descendants().Where(static element => element.Name.LocalName == "dependency");
        Assert.Equal(
            needed.Select(name => (name, $"[{packed.Version}]")),
            dependencies.Select(static one => (one.Attribute("id")!.Value, one.Attribute("version")!.Value)).Where(static one => one.Item1.StartsWith("Tidings", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Nothing_tells_where_it_was_built(string id)
    {
        byte[][] places = [.. new[] { Repository.Root, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + "/" }
            .SelectMany(static place => new[] { Encoding.UTF8.GetBytes(place), Encoding.Unicode.GetBytes(place) })];
        foreach (var extension in new[] { "nupkg", "snupkg" })
        {
            using var package = packed.Open(id, extension);
            foreach (var entry in package.Entries)
            {
                var bytes = Bytes(entry);
                Assert.All(places, place => Assert.False(bytes.AsSpan().IndexOf(place) >= 0, $"{id}.{extension}: {entry.FullName} names {Encoding.UTF8.GetString(place)}"));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Symbols_hold_the_sources(string id)
    {
        using var package = packed.Open(id, "snupkg");
        using var provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(Bytes(package.GetEntry($"lib/net10.0/{id}.pdb")!)));
        var reader = provider.GetMetadataReader();
        Assert.NotEmpty(reader.Documents);
        foreach (var handle in reader.Documents)
        {
            Assert.StartsWith("/_/", reader.GetString(reader.GetDocument(handle).Name));
            Assert.Contains(reader.GetCustomDebugInformation(handle), one => reader.GetGuid(reader.GetCustomDebugInformation(one).Kind) == EmbeddedSource);
        }
    }

    [Fact]
    public void The_tool_is_for_every_system()
    {
        using var package = packed.Open("Tidings.Server");
        var tools = package.Entries.Select(static entry => entry.FullName).Where(static name => name.StartsWith("tools/", StringComparison.Ordinal)).ToArray();
        Assert.All(tools, static name => Assert.Matches(@"^tools/net10\.0/any/([A-Za-z0-9._]+\.(dll|pdb|json|xml)|runtimes/[a-z0-9-]+/native[a-z]*/([a-z0-9.]+/)?(lib)?e_sqlite3\.[a-z]+)$", name));
        foreach (var system in new[] { "linux-x64", "linux-arm64", "linux-musl-x64", "osx-arm64", "win-x64" })
        {
            Assert.Contains(tools, name => name.Contains($"/runtimes/{system}/native/", StringComparison.Ordinal));
        }

        Assert.Equal(["DotnetToolSettings.xml"], tools.Where(static name => name.EndsWith(".xml", StringComparison.Ordinal)).Select(static name => Path.GetFileName(name)));
        Assert.Contains("<Command Name=\"tidings\" EntryPoint=\"Tidings.Server.dll\" Runner=\"dotnet\" />", Text(package, "tools/net10.0/any/DotnetToolSettings.xml"), StringComparison.Ordinal);
    }

    private static XDocument Nuspec(ZipArchive package, string id) => XDocument.Parse(Text(package, $"{id}.nuspec").TrimStart('\uFEFF'));

    private static Func<string, string> Metadata(ZipArchive package, string id)
    {
        var elements = Nuspec(package, id).Descendants().ToLookup(static element => element.Name.LocalName, static element => element.Value);
        return name => Assert.Single(elements[name]);
    }

    private static string Text(ZipArchive package, string name) => Encoding.UTF8.GetString(Bytes(package.GetEntry(name)!));

    private static byte[] Bytes(ZipArchiveEntry entry)
    {
        using var stream = entry.Open();
        var bytes = new byte[entry.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
