using System.Text.RegularExpressions;
using Tidings.Deployment.Tests.Infrastructure;

namespace Tidings.Deployment.Tests.Packages;

/// <summary>The templates in the hands of those who get them: into folders with spaces, from the packed packages alone.</summary>
[Collection<PackedPackages>]
public sealed partial class TemplateTests(PackedPackages packed) : IAsyncLifetime
{
    // Packages of others, from where they were restored to.
    private static readonly string Restored = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private readonly TemporaryDirectory _directory = new();

    private string[] Hive => ["--debug:custom-hive", _directory["hive"]];

    public async ValueTask InitializeAsync()
    {
        await NameSourcesAsync(packed.Folder, Restored);
        await Command.RunAsync("dotnet", ["new", "install", Path.Combine(packed.Folder, $"Tidings.Templates.{packed.Version}.nupkg"), .. Hive], _directory.Path);
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_web_application_is_built_its_tests_pass_and_it_serves_its_page()
    {
        const string name = "My Shop 2";
        var folder = _directory[name];
        var said = await Command.RunAsync("dotnet", ["new", "tidings-web", "-o", folder, .. Hive], _directory.Path);
        Assert.Contains("Restore succeeded", said, StringComparison.Ordinal);
        await Command.RunAsync("dotnet", ["build", "-c", "Release", "-v", "quiet", "-tl:off", "-p:UseSharedCompilation=false", "-p:NuGetAudit=false", "-warnaserror"], folder);
        var tests = Assert.Single(Directory.GetFiles(folder, $"{name}.Tests.dll", SearchOption.AllDirectories), static path => path.Contains("/bin/", StringComparison.Ordinal));
        Assert.Contains("Failed: 0", await Command.RunAsync("dotnet", [tests, "-noLogo", "-noColor"], folder), StringComparison.Ordinal);

        var program = Path.Combine(folder, name);
        var built = Path.Combine(program, "bin", "Release", "net10.0", $"{name}.dll");
        await using var app = new RunningProgram("dotnet", [built, "--urls", "http://127.0.0.1:0"], program);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{(await app.SaysAsync(Listening())).Groups[1].Value}") };
        var page = await http.GetStringAsync(new Uri("/", UriKind.Relative));
        Assert.Contains($"<title>{name}</title>", page, StringComparison.Ordinal);
        Assert.Contains("/tidings.js", page, StringComparison.Ordinal);
        Assert.Contains("Tidings", await http.GetStringAsync(new Uri("/tidings.js", UriKind.Relative)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_packages_cannot_be_had_it_is_said_how_to_name_their_folder()
    {
        await NameSourcesAsync(Restored);
        var folder = _directory["Lost"];
        var start = Command.StartInfo("dotnet", ["new", "tidings-web", "-o", folder, .. Hive], _directory.Path);
        using var process = System.Diagnostics.Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync() + await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Contains("Name the folder in which Tidings' packages lie by 'dotnet nuget add source FOLDER --name tidings', then run 'dotnet restore'.", said, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder, "Lost", "Program.cs")));
    }

    [Fact]
    public async Task The_server_is_restored_checked_and_serves()
    {
        var folder = _directory["my push server"];
        await Command.RunAsync("dotnet", ["new", "tidings-server", "-o", folder, .. Hive], _directory.Path);

        // The SDK remembers for each user where tools lie: not those of this test, which are gone after it.
        var home = $"DOTNET_CLI_HOME={_directory["home"]}";
        await Command.RunAsync("env", [home, "dotnet", "tool", "restore"], folder);
        Assert.Contains("The configuration is good", await Command.RunAsync("env", [home, "dotnet", "tidings", "check"], folder), StringComparison.Ordinal);
        await using var server = new RunningProgram("env", [home, "dotnet", "tidings", "serve", "--urls", "http://127.0.0.1:0"], folder, ("XDG_STATE_HOME", _directory["state"]));
        var port = (await server.SaysAsync(Address())).Groups[1].Value;
        using var http = new HttpClient();
        Assert.Contains("Tidings", await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/tidings.js")), StringComparison.Ordinal);
    }

    [Fact]
    public void Templates_name_the_version_that_is_packed()
    {
        var files = Directory.GetFiles(Repository.PathOf("packaging", "templates", "content"), "*", SearchOption.AllDirectories);
        foreach (var file in files.Where(static file => file.EndsWith(".csproj", StringComparison.Ordinal) || file.EndsWith("dotnet-tools.json", StringComparison.Ordinal)))
        {
            var versions = OwnVersion().Matches(File.ReadAllText(file)).Select(static match => match.Groups[1].Value).ToArray();
            Assert.NotEmpty(versions);
            Assert.All(versions, version => Assert.Equal(packed.Version, version));
        }
    }

    private Task NameSourcesAsync(params string[] sources) => File.WriteAllTextAsync(_directory["nuget.config"], $"""
        <configuration>
          <config><add key="globalPackagesFolder" value="packages" /></config>
          <packageSources><clear />{string.Concat(sources.Select(static (source, i) => $"<add key=\"source{i}\" value=\"{source}\" />"))}</packageSources>
          <packageSourceMapping><clear /></packageSourceMapping>
          <auditSources><clear /></auditSources>
        </configuration>
        """);

    [GeneratedRegex(@"Now listening on: http://127\.0\.0\.1:(\d+)")]
    private static partial Regex Listening();

    [GeneratedRegex(@"http://127\.0\.0\.1:(\d+)")]
    private static partial Regex Address();

    [GeneratedRegex("""(?:Tidings\.[A-Za-z]+" Version="|tidings\.server": \{ "version": ")([^"]+)""")]
    private static partial Regex OwnVersion();
}
