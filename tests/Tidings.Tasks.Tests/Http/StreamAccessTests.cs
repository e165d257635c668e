using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Tidings.Security.Tokens;

namespace Tidings.Tasks.Tests.Http;

/// <summary>Who may read and write streams.</summary>
public sealed class StreamAccessTests
{
    private const string Secret = "a secret of thirty-two characters!";
    private const string ApiKey = "api-key-of-the-tests";

    [Fact]
    public async Task Where_they_are_off_there_is_no_route()
    {
        await using var server = await TestServer.StartAsync("lanes");
        foreach (var method in new[] { HttpMethod.Put, HttpMethod.Get, HttpMethod.Post, HttpMethod.Delete, HttpMethod.Head })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(server, method, "a")).Status);
        }
    }

    [Fact]
    public async Task Writing_needs_a_key_and_reading_what_a_subscription_needs()
    {
        await using var server = await StartAsync(("Tidings:ApiKey", ApiKey), ("Tidings:Channels:0:Pattern", "stream:closed/*"), ("Tidings:Channels:0:Subscribe", "users"), ("Tidings:Channels:1:Pattern", "*"), ("Tidings:Channels:1:Publish", "anyone"));
        foreach (var method in new[] { HttpMethod.Put, HttpMethod.Post, HttpMethod.Delete })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(server, method, "a", body: "x")).Status);
            Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(server, method, "a", "another key of the tests", "x")).Status);
        }

        Assert.Equal(HttpStatusCode.Created, (await SendAsync(server, HttpMethod.Put, "a", ApiKey, "x")).Status);
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(server, HttpMethod.Put, "closed/a", ApiKey, "x")).Status);
        Assert.Equal((HttpStatusCode.OK, "x"), await SendAsync(server, HttpMethod.Get, "a"));
        foreach (var query in new[] { "", "?offset=-1&live=sse", "?offset=-1&live=long-poll" })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(server, HttpMethod.Get, "closed/a" + query)).Status);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(server, HttpMethod.Head, "closed/a")).Status);
        Assert.Equal((HttpStatusCode.OK, "x"), await SendAsync(server, HttpMethod.Get, "closed/a", ApiKey));

        // What is closed is not had by a copy either.
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(server, HttpMethod.Put, "copy", body: "", forkedFrom: "/streams/closed/a")).Status);
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task A_user_writes_where_its_token_or_a_kind_for_streams_says_so_within_its_share()
    {
        await using var server = await StartAsync(
            ("Tidings:ApiKey", ApiKey), ("Tidings:Jwt:Secret", Secret), ("Tidings:Streams:TotalBytes", "1MB"), ("Tidings:Channels:0:Pattern", "stream:users/*"), ("Tidings:Channels:0:Publish", "users"));
        var (granted, plain) = (Token("ada", ("stream:mine/*", TokenActions.Subscribe | TokenActions.Publish | TokenActions.History), ("stream:theirs/*", TokenActions.Subscribe | TokenActions.History)), Token("bob"));
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(server, HttpMethod.Put, "mine/a", granted, "x")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(server, HttpMethod.Post, "mine/a", granted, "y")).Status);
        Assert.Equal((HttpStatusCode.OK, "xy"), await SendAsync(server, HttpMethod.Get, "mine/a", granted));
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(server, HttpMethod.Put, "theirs/a", granted, "x")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(server, HttpMethod.Get, "others/a", granted)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(server, HttpMethod.Put, "mine/a", plain, "x")).Status);
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(server, HttpMethod.Put, "users/a", plain, "x")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(server, HttpMethod.Put, "tasks/a/output", plain, "x")).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await SendAsync(server, HttpMethod.Put, "tasks/a/output", ApiKey, "x")).Status);

        // One has at most half of what all have; the others, and the server, go on.
        var part = new string('x', 100_000);
        HttpStatusCode status;
        var count = 0;
        while ((status = (await SendAsync(server, HttpMethod.Post, "users/a", plain, part)).Status) == HttpStatusCode.NoContent)
        {
            count++;
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.InRange(count, 4, 5);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(server, HttpMethod.Post, "mine/a", granted, part)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(server, HttpMethod.Post, "mine/a", ApiKey, "y")).Status);
    }

    [Fact]
    public async Task Who_writes_to_anothers_stream_fills_its_own_share()
    {
        await using var server = await StartAsync(("Tidings:Jwt:Secret", Secret), ("Tidings:Streams:TotalBytes", "1MB"), ("Tidings:Channels:0:Pattern", "stream:users/*"), ("Tidings:Channels:0:Publish", "users"));
        var (maker, other) = (Token("ada"), Token("bob"));
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(server, HttpMethod.Put, "users/a", maker, "x")).Status);
        var part = new string('x', 100_000);
        HttpStatusCode status;
        var count = 0;
        while ((status = (await SendAsync(server, HttpMethod.Post, "users/a", other, part)).Status) == HttpStatusCode.NoContent)
        {
            count++;
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.InRange(count, 4, 5);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(server, HttpMethod.Post, "users/a", maker, part)).Status);
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(server, HttpMethod.Put, "users/b", maker, part)).Status);

        // Deleted by whom it may be, everybody has back what was theirs.
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(server, HttpMethod.Delete, "users/a", maker)).Status);
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(server, HttpMethod.Put, "users/c", other, part)).Status);
    }

    [Fact]
    public async Task A_stream_with_signs_in_its_name_is_forked_by_its_address_and_by_its_name()
    {
        await using var server = await StartAsync(("Tidings:ApiKey", ApiKey));
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(server, HttpMethod.Put, "signs/a%24b%3Dc", ApiKey, "x")).Status);
        foreach (var (name, from) in new[] { ("one", "/streams/signs/a%24b%3Dc"), ("two", "/streams/signs/a$b=c"), ("three", "signs/a%24b=c") })
        {
            Assert.Equal(HttpStatusCode.Created, (await SendAsync(server, HttpMethod.Put, name, ApiKey, forkedFrom: from)).Status);
            Assert.Equal((HttpStatusCode.OK, "x"), await SendAsync(server, HttpMethod.Get, name));
        }

        foreach (var from in new[] { "/streams/signs%2Fa$b=c", "/streams/a%", "/streams/%zz", "/streams/a%00b", "/streams/" })
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(server, HttpMethod.Put, "four", ApiKey, forkedFrom: from)).Status);
        }
    }

    [Fact]
    public async Task An_output_is_a_stream_for_those_who_may_watch_its_task()
    {
        await using var server = await StartAsync(("Tidings:Channels:0:Pattern", "task:secret*"), ("Tidings:Channels:0:Subscribe", "users"));
        foreach (var id in new[] { "open", "secret" })
        {
            await server.Services.Node.Tasks.Facade.StartAsync("outside", 0, new TaskStartOptions { Id = id });
            await server.Services.Node.Tasks.Registry.Outputs.AppendAsync(id, Encoding.UTF8.GetBytes("word "), 0, isBinary: false);
        }

        Assert.Equal((HttpStatusCode.OK, "word "), await SendAsync(server, HttpMethod.Get, "tasks/open/output"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(server, HttpMethod.Get, "tasks/secret/output")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(server, HttpMethod.Get, "tasks/secret/output?offset=-1&live=sse")).Status);
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task A_page_of_another_origin_writes_nothing_without_a_key()
    {
        await using var server = await StartAsync();
        foreach (var (name, value) in new[] { ("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site"), ("X-Forwarded-For", "192.0.2.1") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(server.Url, "/streams/a")) { Content = new StringContent("x") };
            request.Headers.Add(name, value);
            using var answer = await server.Http.SendAsync(request);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }
    }

    private static Task<TestServer> StartAsync(params (string, string?)[] settings) => TestServer.StartAsync("lanes", settings: [("Tidings:Streams:Enabled", "true"), ("Tidings:Streams:LongPoll", "100ms"), .. settings]);

    private static string Token(string user, params (string Pattern, TokenActions Actions)[] channels) => new TokenWriter(TokenKey.FromSecret(TokenAlgorithm.HS256, Secret)).Write(new TokenClaims
    {
        Subject = user,
        ExpiresAt = TimeProvider.System.GetUtcNow().AddHours(1),
        Permissions = channels.Length == 0 ? null : new TokenPermissions(channels.Select(static grant => new TokenPermission(grant.Pattern, grant.Actions))),
    });

    private static async Task<(HttpStatusCode Status, string Body)> SendAsync(TestServer server, HttpMethod method, string path, string? key = null, string? body = null, string? forkedFrom = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(server.Url, "/streams/" + path));
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "text/plain");
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        if (forkedFrom is not null)
        {
            request.Headers.Add("Stream-Forked-From", forkedFrom);
        }

        using var answer = await server.Http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
