using System.Text.Json;
using System.Text.RegularExpressions;
using Tidings.Deployment.Tests.Infrastructure;

namespace Tidings.Deployment.Tests.Deploy;

/// <summary>Rules that the image's recipe keeps: no engine is needed to check them.</summary>
public sealed partial class DockerfileTests
{
    private static readonly (string Name, string Value)[] Instructions = [.. LineContinuation().Replace(Repository.Read("Dockerfile"), " ").Split('\n')
        .Where(static line => line.Length > 0 && line[0] != '#')
        .Select(static line => line.Split(' ', 2, StringSplitOptions.TrimEntries))
        .Select(static parts => (parts[0], parts[1]))];

    private static readonly (string Name, string Value)[] Final = Instructions[Array.FindLastIndex(Instructions, static one => one.Name == "FROM")..];

    [Fact]
    public void Every_image_has_a_tag_that_says_version_and_system() =>
        Assert.All(Instructions.Where(static one => one.Name == "FROM"), static one => Assert.Matches(@"^\S+:10\.0-noble\S*( AS \w+)?$", one.Value));

    [Fact]
    public void What_is_copied_exists_and_alone_is_sent_to_the_engine()
    {
        var copied = Instructions.Where(static one => one.Name == "COPY" && !one.Value.StartsWith("--from", StringComparison.Ordinal)).SelectMany(static one => one.Value.Split(' ')[..^1]).ToArray();
        Assert.All(copied, static path => Assert.True(Path.Exists(Repository.PathOf(path)), path));
        Assert.Equal(
            copied.Order(StringComparer.Ordinal),
            Repository.Read(".dockerignore").Split('\n').Where(static line => line.StartsWith('!')).Select(static line => line[1..]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_runs_is_not_root_and_has_no_shell_between_it_and_signals()
    {
        Assert.Equal("$APP_UID", Assert.Single(Final, static one => one.Name == "USER").Value);
        foreach (var name in new[] { "ENTRYPOINT", "CMD" })
        {
            Assert.NotEmpty(JsonSerializer.Deserialize<string[]>(Assert.Single(Final, one => one.Name == name).Value)!);
        }

        // A chiselled image has no shell to run anything by.
        Assert.DoesNotContain(Final, static one => one.Name == "RUN");
    }

    [Fact]
    public void The_health_check_asks_the_program_itself()
    {
        var command = HealthCommand().Match(Assert.Single(Final, static one => one.Name == "HEALTHCHECK").Value).Groups[1].Value;
        Assert.Equal(["/app/tidings", "health"], JsonSerializer.Deserialize<string[]>(command)!);
        Assert.Contains(Final, static one => one is { Name: "EXPOSE", Value: "8000" });
        Assert.Contains(Final, static one => one.Name == "CMD" && one.Value.Contains(":8000", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex LineContinuation();

    [GeneratedRegex(@"CMD (\[.*\])$")]
    private static partial Regex HealthCommand();
}
