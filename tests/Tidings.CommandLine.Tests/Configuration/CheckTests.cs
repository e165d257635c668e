using System.Text.Json;
using Tidings.CommandLine.Tests.Infrastructure;

namespace Tidings.CommandLine.Tests.Configuration;

/// <summary><c>tidings check</c>.</summary>
public sealed class CheckTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("tidings-check-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task What_serve_would_take_is_good()
    {
        var result = (await Tool.RunAsync("check", "--limits", "small", "--urls", "http://127.0.0.1:0")).Succeeds();
        Assert.StartsWith("The configuration is good.\n", result.Text, StringComparison.Ordinal);
        Assert.Equal("""{"ok":true,"faults":[],"notes":[],"engine":"memory"}""" + "\n", (await Tool.RunAsync("check", "--json", "--trusted-proxy", "127.0.0.1", "--admin-key", "a key of the tests, long enough")).Succeeds().Text);
    }

    [Theory]
    [InlineData("pusher", "app-secret-of-16-or-more")]
    [InlineData("centrifuge", "token-secret-of-16-or-more")]
    public async Task A_preset_is_a_good_configuration_to_begin_with(string preset, string secret)
    {
        var settings = (await Tool.RunAsync("check", "--preset", preset)).Succeeds().Text;
        Assert.Contains(secret, settings, StringComparison.Ordinal);
        (await Tool.RunAsync("check", Write(settings), "--urls", "http://127.0.0.1:0", "--admin-key", "a key of the tests, long enough")).Succeeds();
        (await Tool.RunAsync("check", "--preset", "nobody")).Fails(2, "Must be one of");
    }

    [Theory]
    [InlineData("--urls http://127.0.0.1:8000", "the server listens on loopback alone")]
    [InlineData("--urls http://0.0.0.0:8000 --path-base /push", "Tidings:PathBase is /push")]
    [InlineData("--urls http://0.0.0.0:8000 --origin https://app.example.com", "pages come by https and the server speaks http")]
    [InlineData("--urls http://0.0.0.0:8000", null)]
    [InlineData("--urls http://127.0.0.1:8000 --trusted-proxy 127.0.0.1", null)]
    [InlineData("--urls http://127.0.0.1:8000 --demo", null)]
    public async Task Where_a_proxy_seems_to_stand_before_it_and_is_not_named_there_is_a_note(string options, string? sign)
    {
        var result = (await Tool.RunAsync(["check", .. options.Split(' ')])).Succeeds();
        Assert.Equal(sign is not null, result.Text.Contains("all clients are one address", StringComparison.Ordinal));
        Assert.Contains(sign ?? "good", result.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Set Tidings:Jwt:Issuers:1:UserPrefix", "Issuers__0__Authority=https://one.example", "Issuers__0__Audience=push", "Issuers__0__UserPrefix=one:", "Issuers__1__Authority=https://three.example", "Issuers__1__Audience=push", "Authority=https://two.example", "Audience=push")]
    [InlineData("one id is one user whoever issued it. Say the one with Authority", "Secret=a secret of the tests, 32 bytes or more", "Authority=https://two.example", "Audience=push")]
    [InlineData("one id is one user whoever issued it", "Issuers__0__Authority=https://one.example", "Issuers__0__Audience=push", "Authority=https://two.example", "Audience=push")]
    [InlineData("is fetched over plain HTTP", "Authority=http://127.0.0.1:9", "Audience=push")]
    [InlineData("which people can change", "Authority=https://one.example", "Audience=push", "UserClaim=preferred_username")]
    [InlineData(null, "Authority=https://one.example", "Audience=push")]
    [InlineData(null, "Issuers__0__Authority=https://one.example", "Issuers__0__Audience=push", "Issuers__0__UserPrefix=one:", "Authority=https://two.example", "Audience=push")]
    public async Task What_is_good_to_know_about_issuers_is_noted(string? note, params string[] settings)
    {
        await using var tool = Tool.Start(
            ["check", "--json", "--admin-key", "a key of the tests, long enough", "--urls", "http://0.0.0.0:0"], settings.Select(static one => ("Tidings__Jwt__" + one.Split('=', 2)[0], one.Split('=', 2)[1])));
        var notes = JsonDocument.Parse((await tool.EndAsync()).Succeeds().Text).RootElement.GetProperty("notes").EnumerateArray().Select(static said => said.GetString()!).ToList();
        Assert.True(note is null ? notes.Count == 0 : notes.Exists(said => said.Contains(note, StringComparison.Ordinal)), string.Join('\n', notes));
    }

    [Theory]
    [InlineData("--jwt-authority https://one.example", "Tidings:Jwt:Audience is missing")]
    [InlineData("--jwt-authority http://one.example --jwt-audience push", "it must be https://")]
    public async Task An_issuer_without_an_audience_or_over_plain_http_is_a_fault(string options, string fault) =>
        (await Tool.RunAsync(["check", .. options.Split(' ')])).Fails(2, fault);

    [Fact]
    public async Task Redis_without_a_cluster_key_is_noted_and_a_short_one_is_a_fault_that_does_not_show_it()
    {
        string[] check = ["check", "--redis", "127.0.0.1:6379", "--admin-key", "a key of the tests, long enough"];
        Assert.Contains("Tidings:ClusterKey is not set", (await Tool.RunAsync(check)).Succeeds().Text, StringComparison.Ordinal);
        await using var good = Tool.Start(check, ("Tidings__ClusterKey__0", "a cluster key of thirty-two chars"));
        Assert.DoesNotContain("ClusterKey", (await good.EndAsync()).Succeeds().Text, StringComparison.Ordinal);
        await using var bad = Tool.Start(check, ("Tidings__ClusterKey__0", "hunter2"));
        var result = (await bad.EndAsync()).Fails(2, "Tidings:ClusterKey:0 is too short");
        Assert.DoesNotContain("hunter2", result.Errors + result.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Faults_of_file_environment_and_command_line_are_told_together_as_serve_tells_them()
    {
        var file = Write("""{ "Tidings": { "Limits": { "MesageBytes": "10KB" }, "Channels": [ { "Pattern": "x:*", "History": -1 } ] } }""");
        string[] options = ["--heartbeat", "soon", "--urls", "http://127.0.0.1:0"];
        await using var checking = Tool.Start(["check", file, .. options], ("Tidings__Drain", "2h"));
        var check = (await checking.EndAsync()).Fails(2, "these options are wrong:");
        foreach (var fault in new[] { "Did you mean MessageBytes?", "Tidings:Channels:0:History is \"-1\"; it must be from 0 to 100000.", "Tidings:Heartbeat:Interval is \"soon\"", "Tidings:Drain is \"2h\"; it must be from 0 to 1h." })
        {
            Assert.Contains(fault, check.Errors, StringComparison.Ordinal);
        }

        await using var serving = Tool.Start(["serve", .. options], ("Tidings__Drain", "2h"), ("Tidings__Limits__MesageBytes", "10KB"), ("Tidings__Channels__0__Pattern", "x:*"), ("Tidings__Channels__0__History", "-1"));
        var serve = (await serving.EndAsync()).Fails(2, "these options are wrong:");
        Assert.Equal(Faults(check), Faults(serve));
    }

    [Fact]
    public async Task In_JSON_faults_are_a_list()
    {
        var result = await Tool.RunAsync("check", "--json", "--heartbeat", "soon");
        Assert.Equal(2, result.Code);
        Assert.False(result.Json.GetProperty("ok").GetBoolean());
        Assert.Contains("Tidings:Heartbeat:Interval", Assert.Single(result.Json.GetProperty("faults").EnumerateArray()).GetString(), StringComparison.Ordinal);
        Assert.Empty(result.Errors);
    }

    [Theory]
    [InlineData("{ \"Tidings\": {")]
    [InlineData("Tidings: {}")]
    public async Task A_file_that_is_no_JSON_is_told_with_its_name_and_place(string text)
    {
        var file = Write(text);
        var result = (await Tool.RunAsync("check", file)).Fails(2, file);
        Assert.Contains("LineNumber: 0", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_told() => (await Tool.RunAsync("check", Write("{}"), "nowhere.json")).Fails(2, "File 2 of those to check does not exist.");

    [Fact]
    public async Task The_options_in_force_are_shown_with_where_they_come_from_and_without_secrets()
    {
        var file = Write("""{ "Tidings": { "Limits": { "Preset": "small", "Connections": 7 }, "Channels": [ { "Pattern": "x:*" } ], "ApiKey": "a key of the file" } }""");
        await using var tool = Tool.Start(
            ["check", file, "--show", "--json", "--jwt-secret", "a secret of the command line, long", "--redis", "127.0.0.1:1,password=hidden"],
            ("Tidings__Drain", "5s"), ("Tidings__AdminKey", "a key of the environment"));
        var result = (await tool.EndAsync()).Succeeds();
        foreach (var secret in new[] { "a key of the file", "a secret of the command line", "a key of the environment", "hidden" })
        {
            Assert.DoesNotContain(secret, result.Text, StringComparison.Ordinal);
        }

        var shown = result.Json.GetProperty("options").EnumerateArray().ToDictionary(static option => Text(option, "key"), static option => (Text(option, "value"), Text(option, "from")));
        Assert.Equal(("http://localhost:8000", "default"), shown["urls"]);
        Assert.Equal(("small", file), shown["Tidings:Limits:Preset"]);
        Assert.Equal(("7", file), shown["Tidings:Limits:Connections"]);
        Assert.Equal(("100", "preset small"), shown["Tidings:Limits:ConnectionsPerRoom"]);
        Assert.Equal(("x:*", file), shown["Tidings:Channels:0:Pattern"]);
        Assert.Equal(("5s", "environment"), shown["Tidings:Drain"]);
        Assert.Equal(("(not shown)", "environment"), shown["Tidings:AdminKey"]);
        Assert.Equal(("(not shown)", "command line"), shown["Tidings:Jwt:Secret"]);
        Assert.Equal("command line", shown["Tidings:Redis"].Item2);
        Assert.Equal(("", "default"), shown["Tidings:WorkerKey"]);
    }

    [Theory]
    [InlineData("check", "--limits")]
    [InlineData("serve", "--nothing")]
    [InlineData("fly")]
    public async Task A_wrong_command_line_is_told_with_where_help_is(params string[] arguments) =>
        (await Tool.RunAsync(arguments)).Fails(2, "--help\" tells what it takes.");

    private static string Text(JsonElement option, string name) => option.GetProperty(name).GetString()!;

    private static List<string> Faults(ToolResult result) => [.. result.Errors.Split('\n').Where(static line => line.StartsWith("  - ", StringComparison.Ordinal)).Order()];

    private string Write(string text)
    {
        var file = Path.Combine(_directory, "settings.json");
        File.WriteAllText(file, text);
        return file;
    }
}
