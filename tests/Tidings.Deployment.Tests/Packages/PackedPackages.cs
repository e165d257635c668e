using System.IO.Compression;
using System.Xml.Linq;
using Tidings.Deployment.Tests.Infrastructure;

namespace Tidings.Deployment.Tests.Packages;

/// <summary>What <c>dotnet pack</c> makes of what has been built.</summary>
[CollectionDefinition]
public sealed class PackedPackages : IAsyncLifetime, ICollectionFixture<PackedPackages>
{
    private readonly TemporaryDirectory _directory = new();

    public string Folder => _directory.Path;

    public string Version { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        await Command.RunAsync("dotnet", ["pack", "Tidings.slnx", "--no-build", "-c", Repository.Configuration, "-o", Folder, "-tl:off", "-warnaserror"]);
        Version = XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants("Version").Single().Value;
    }

    public ZipArchive Open(string id, string extension = "nupkg") => ZipFile.OpenRead(Path.Combine(Folder, $"{id}.{Version}.{extension}"));

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }
}
