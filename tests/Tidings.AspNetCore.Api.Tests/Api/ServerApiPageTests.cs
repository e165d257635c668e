using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tidings.Server;

namespace Tidings.AspNetCore.Api.Tests.Api;

/// <summary>docs/server-api.md has every route of the OpenAPI document, and its examples answer as they say.</summary>
public sealed partial class ServerApiPageTests
{
    private const string Rewrite = "TIDINGS_WRITE_DOCS";
    private const string Key = "a key of this test alone";

    private static string Page => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "server-api.md"));

    [Fact]
    public async Task The_page_has_every_route_with_its_fields_and_statuses()
    {
        await using var server = await StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var document = JsonDocument.Parse(await http.GetStringAsync(new Uri(server.Urls.First() + "/openapi/v1.json"))).RootElement;
        var page = new ServerApiPage(document);
        if (Environment.GetEnvironmentVariable(Rewrite) is { Length: > 0 } source)
        {
            await File.WriteAllTextAsync(source, page.Renew(await File.ReadAllTextAsync(source)));
            return;
        }

        Assert.True(
            Page == page.Renew(Page),
            $"docs/server-api.md is not what the OpenAPI document says. This writes it anew: {Rewrite}=$PWD/docs/server-api.md artifacts/bin/Tidings.AspNetCore.Api.Tests/release/Tidings.AspNetCore.Api.Tests -class '*ServerApiPageTests'");
    }

    [Fact]
    public async Task Each_example_answers_what_the_page_says()
    {
        await using var server = await StartAsync();
        var examples = Examples().Matches(Page);
        Assert.True(examples.Count >= 10, $"{examples.Count} examples");
        foreach (Match example in examples)
        {
            var command = example.Groups["command"].Value.Replace("localhost:8000", new Uri(server.Urls.First()).Authority, StringComparison.Ordinal);
            Assert.Equal(Varying().Replace(example.Groups["answer"].Value.Trim(), "…"), Varying().Replace(await RunAsync(command), "…"));
        }
    }

    private static async Task<Microsoft.AspNetCore.Builder.WebApplication> StartAsync()
    {
        var server = TidingsServer.Build(new() { ["urls"] = "http://127.0.0.1:0", ["Tidings:ApiKey"] = Key }, static _ => { });
        await server.StartAsync();
        return server;
    }

    private static async Task<string> RunAsync(string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-c", command]) { RedirectStandardOutput = true, Environment = { ["KEY"] = Key } })!;
        var answer = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return answer.Trim();
    }

    [GeneratedRegex(@"^\$ (?<command>curl (?:[^\n]*\\\n)*[^\n]*)\n(?<answer>[^$`\n][^\n]*)", RegexOptions.Multiline)]
    private static partial Regex Examples();

    [GeneratedRegex("""(?<="epoch":"|"connection":"|"version":"|"task_id":"|"position":"|"traceId":")[^"]*(?=")|(?<="time":)\d+""")]
    private static partial Regex Varying();
}
