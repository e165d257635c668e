using System.Diagnostics;
using Tidings.Deployment.Tests.Infrastructure;

namespace Tidings.Deployment.Tests.Packages;

/// <summary>The audit of packages fails where NuGet knows of something bad, and says where NuGet knows nothing.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class AuditTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("Critical", "transitivePackages", 1)]
    [InlineData("High", "topLevelPackages", 1)]
    [InlineData("Moderate", "topLevelPackages", 0)]
    [InlineData("Low", "transitivePackages", 0)]
    public async Task High_and_critical_fail_it_and_all_are_named(string severity, string list, int status)
    {
        var answer = $$"""{"projects":[{"path":"a","frameworks":[{"framework":"net10.0","{{list}}":[{"id":"Bad","resolvedVersion":"1.0.0","vulnerabilities":[{"severity":"{{severity}}","advisoryurl":"https://advisory"}]}]}]}]}""";
        Assert.Equal((status, $"audit: {severity}: Bad 1.0.0, https://advisory\n"), await AuditAsync(answer));
    }

    [Fact]
    public async Task Where_nothing_is_found_it_says_so() =>
        Assert.Equal((0, "audit: no package has a known vulnerability\n"), await AuditAsync("""{"projects":[{"path":"a"}]}"""));

    [Fact]
    public async Task Where_the_source_has_no_data_nothing_was_checked() =>
        Assert.Equal(
            (0, "audit: not checked: Audit source 'source1' did not provide any vulnerability data.\n"),
            await AuditAsync("""{"problems":[{"project":"a","level":"warning","text":"Audit source 'source1' did not provide any vulnerability data."}],"projects":[{"path":"a"}]}"""));

    [Fact]
    public async Task Where_the_source_cannot_be_asked_nothing_was_checked()
    {
        var (status, said) = await AuditAsync("no network", fails: true);
        Assert.Equal(0, status);
        Assert.Equal("audit: not checked: the source could not be asked\nno network\n", said);
    }

    // With a program in the place of dotnet that answers as the real one does.
    private async Task<(int Status, string Said)> AuditAsync(string answer, bool fails = false)
    {
        await File.WriteAllTextAsync(_directory["answer"], answer + "\n");
        var program = _directory["dotnet"];
        await File.WriteAllTextAsync(program, $"#!/bin/sh\ncase \"$1\" in\nnuget) echo 'E https://source.example/index.json' ;;\nlist) cat '{_directory["answer"]}'; exit {(fails ? 1 : 0)} ;;\nesac\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var start = new ProcessStartInfo(Repository.PathOf("packaging", "audit")) { RedirectStandardOutput = true };
        start.Environment["PATH"] = $"{_directory.Path}:{Environment.GetEnvironmentVariable("PATH")}";
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, said);
    }
}
