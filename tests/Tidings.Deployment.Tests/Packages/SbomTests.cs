using System.Text.Json;
using Tidings.Deployment.Tests.Infrastructure;

namespace Tidings.Deployment.Tests.Packages;

/// <summary>The list of what is shipped (CycloneDX) names every package that the server brings along.</summary>
public sealed class SbomTests
{
    [Fact]
    public async Task It_names_each_package_of_the_server_with_its_version()
    {
        await Command.RunAsync(Repository.PathOf("packaging", "sbom"), ["src/Tidings.Server/Tidings.Server.csproj"]);
        using var list = JsonDocument.Parse(await File.ReadAllBytesAsync(Repository.PathOf("artifacts", "sbom", "Tidings.Server.cdx.json")));
        Assert.Equal("CycloneDX", list.RootElement.GetProperty("bomFormat").GetString());
        var listed = list.RootElement.GetProperty("components").EnumerateArray().Select(static part => (part.GetProperty("name").GetString(), part.GetProperty("version").GetString())).ToHashSet();
        using var program = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "..", "..", "Tidings.Server", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), "Tidings.Server.deps.json")));
        var brought = program.RootElement.GetProperty("libraries").EnumerateObject().Where(static library => library.Value.GetProperty("type").GetString() == "package").Select(static library => library.Name.Split('/')).ToList();
        Assert.NotEmpty(brought);
        Assert.All(brought, library => Assert.Contains((library[0], library[1]), listed));
        using var client = JsonDocument.Parse(await File.ReadAllBytesAsync(Repository.PathOf("artifacts", "sbom", "tidings-client.cdx.json")));
        Assert.Equal("pkg:npm/tidings-client@0.1.0", client.RootElement.GetProperty("metadata").GetProperty("component").GetProperty("purl").GetString());
    }
}
