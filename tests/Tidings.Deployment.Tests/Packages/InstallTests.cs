using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;
using TestKit;
using Tidings.Deployment.Tests.Infrastructure;

namespace Tidings.Deployment.Tests.Packages;

/// <summary>The packages in the hands of those who get them, from the folder alone.</summary>
[Collection<PackedPackages>]
public sealed partial class InstallTests(PackedPackages packed) : IDisposable
{
    // Packages of others, from where they were restored to.
    private static readonly string Restored = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task The_program_of_the_readme_builds_against_the_package_and_answers()
    {
        await File.WriteAllTextAsync(_directory["Hello.csproj"], $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <NuGetAudit>false</NuGetAudit>
                <TidingsTypes>page of its own/types.d.ts</TidingsTypes>
                <RestorePackagesPath>packages</RestorePackagesPath>
                <RestoreSources>{packed.Folder};{Restored}</RestoreSources>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Tidings.AspNetCore" Version="{packed.Version}" />
              </ItemGroup>
            </Project>
            """);
        await File.WriteAllTextAsync(_directory["Program.cs"], "using Tidings;\n" + Program().Match(Repository.Read("src", "Tidings.AspNetCore", "README.md")).Groups[1].Value);
        await Command.RunAsync("dotnet", ["build", "-c", "Release", "-o", _directory["out"], "-v", "quiet", "-tl:off", "-p:UseSharedCompilation=false"], _directory.Path);

        Assert.Contains("interface Register extends App {}", await File.ReadAllTextAsync(_directory["page of its own/types.d.ts"]), StringComparison.Ordinal);

        await using var app = new RunningProgram("dotnet", [_directory["out/Hello.dll"], "--urls", "http://127.0.0.1:0"], _directory.Path);
        var port = (await app.SaysAsync(Listening())).Groups[1].Value;
        using var limit = new CancellationTokenSource(Eventually.Limit);
        using var ws = new ClientWebSocket();
        await ws.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/hello/ann"), limit.Token);
        await ws.SendAsync("hi"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, limit.Token);
        var buffer = new byte[100];
        var answer = await ws.ReceiveAsync(buffer, limit.Token);
        Assert.Equal("ann: hi", Encoding.UTF8.GetString(buffer, 0, answer.Count));
    }

    [Fact]
    public async Task The_tool_is_installed_and_knows_its_version()
    {
        await Command.RunAsync("dotnet", ["tool", "install", "Tidings.Server", "--tool-path", _directory["tools"], "--source", packed.Folder, "--version", packed.Version], _directory.Path);
        Assert.StartsWith(packed.Version, await Command.RunAsync(_directory["tools/tidings"], ["--version"]));
    }

    public void Dispose() => _directory.Dispose();

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Program();

    [GeneratedRegex(@"Now listening on: http://127\.0\.0\.1:(\d+)")]
    private static partial Regex Listening();
}
