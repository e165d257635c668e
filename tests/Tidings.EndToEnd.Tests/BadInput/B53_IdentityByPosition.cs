using System.Net;
using System.Net.Http.Headers;
using System.Text;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Server.AdminKeys;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Requests that a proxy without X-Forwarded-*, a forwarded port or a rebound name makes look local: outside of a demo and Development nobody is let in for where they
/// come from.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class B53_IdentityByPosition : ServerTests
{
    private const string Key = "a-key-of-the-tests-0";

    public static TheoryData<string, string> Routes => new()
    {
        { "GET", "/metrics" }, { "POST", "/api/drain" }, { "POST", "/api/publish" }, { "POST", "/api/disconnect" }, { "POST", "/broadcast" }, { "POST", "/api/tasks" },
        { "PUT", "/api/tasks/t" }, { "GET", "/api/connections" }, { "GET", "/api/history?channel=a" }, { "GET", "/dashboard" }, { "GET", "/dashboard/data/connections" },
        { "GET", "/dashboard/data/messages?channel=secret:a" }, { "GET", "/dashboard/api/info" }, { "POST", "/dashboard/data/disconnect" },
    };

    /// <summary>What says that others are to come, or that this is no demo.</summary>
    public static TheoryData<string> Configurations => ["Tidings:Demo=false", "Tidings:ApiKey=" + Key, "Tidings:WorkerKey=" + Key, "Tidings:Jwt:Secret=" + Key + Key, "Tidings:RequireAuthentication=true", "Tidings:TrustedProxies:0=192.0.2.1"];

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task With_keys_and_required_authentication_and_no_admin_key_everybody_is_a_stranger(string method, string path)
    {
        await using var server = await StartAsync(("Tidings:ApiKey", Key), ("Tidings:Jwt:Secret", Key + Key), ("Tidings:RequireAuthentication", "true"), ("Tidings:Demo", "false"));
        foreach (var host in new[] { $"localhost:{server.Port}", "localhost", "127.0.0.1", "[::1]:8000", "push.example.com" })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, method, path, host));
        }
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public async Task The_rule_of_the_demo_ends_with_whatever_says_that_others_are_to_come(string setting)
    {
        var parts = setting.Split('=', 2);
        await using var server = await StartAsync((parts[0], parts[1]));
        foreach (var row in Routes)
        {
            var (method, path) = row.Data;
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, method, path, "localhost"));
        }
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task In_a_demo_a_program_on_this_machine_needs_no_key(string method, string path)
    {
        // A port is used again: the key of a server that had it before may lie there.
        var state = Path.Combine(Environment.GetEnvironmentVariable("XDG_STATE_HOME")!, "tidings");
        var before = Directory.Exists(state) ? Directory.GetFiles(state) : [];
        await using var server = await StartAsync();
        Assert.NotEqual(HttpStatusCode.Unauthorized, await StatusAsync(server, method, path, "localhost"));
        Assert.True(AdminKeyFile.Find(server.Port) is null || before.Contains(AdminKeyFile.PathOf(state, server.Port)));
    }

    [Fact]
    public async Task The_rule_does_not_come_back_when_the_key_is_taken_away()
    {
        await using var server = await StartAsync();
        server.Services.Reload(new TidingsOptions { ApiKey = Key });
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, "GET", "/metrics", "localhost"));
        server.Services.Reload(new TidingsOptions());
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, "GET", "/metrics", "localhost"));
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task The_key_that_was_made_opens_what_the_admin_key_opens(string method, string path)
    {
        await using var server = await StartAsync(("Tidings:Demo", "false"));
        var made = AdminKeyFile.Find(server.Port);
        Assert.Equal(64, made!.Length);
        Assert.NotEqual(HttpStatusCode.Unauthorized, await StatusAsync(server, method, path, "push.example.com", made));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, method, path, "localhost", made[..^1]));
    }

    [Fact]
    public async Task The_admin_key_of_the_configuration_takes_the_place_of_a_made_one()
    {
        await using var server = await StartAsync(("Tidings:Demo", "false"));
        var made = AdminKeyFile.Find(server.Port)!;
        server.Services.Reload(new TidingsOptions { AdminKey = Key });
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, "GET", "/metrics", "localhost", made));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, "GET", "/metrics", "localhost", Key));
    }

    [Fact]
    public async Task The_start_says_where_the_made_key_lies_and_never_the_key()
    {
        await using var state = new TemporaryState();
        await using var process = ServerProcess.Start("serve --urls http://127.0.0.1:0 --redis-prefix a:", ("STATE_DIRECTORY", state.Path), ("Logging__LogLevel__Default", "Trace"));
        var url = await process.ListeningAsync();
        var file = AdminKeyFile.PathOf(state.Path, url.Port);
        var key = (await File.ReadAllTextAsync(file)).Trim();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        using var http = new HttpClient { BaseAddress = url };
        using var refused = await http.GetAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var admitted = await http.GetAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, admitted.StatusCode);
        Assert.Contains(file, process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(key, process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_no_directory_can_be_written_no_key_is_made_and_the_answer_names_the_option()
    {
        await using var process = ServerProcess.Start("serve --urls http://127.0.0.1:0", ("STATE_DIRECTORY", "/proc/none"), ("XDG_STATE_HOME", "/proc/none"));
        var url = await process.ListeningAsync();
        await Eventually.TrueAsync(() => process.Output.Contains("no key could be made", StringComparison.Ordinal), "it says so");
        using var http = new HttpClient { BaseAddress = url };
        foreach (var path in new[] { "/metrics", "/api/info", "/dashboard" })
        {
            using var refused = await http.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
            Assert.Contains("Set Tidings:A", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    private static async Task<HttpStatusCode> StatusAsync(TestServer server, string method, string path, string host, string? key = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Host = host;
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        if (method != "GET")
        {
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        }

        using var limit = new CancellationTokenSource(Eventually.Limit);
        using var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        return response.StatusCode;
    }

    private sealed class TemporaryState : IAsyncDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("tidings-state-").FullName;

        public ValueTask DisposeAsync()
        {
            Directory.Delete(Path, recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
