using System.Net;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Dashboard;

/// <summary>Who sees the dashboard and what is behind it.</summary>
public sealed class DashboardAccessTests : ServerTests
{
    public static TheoryData<string> Behind =>
        ["/dashboard", "/dashboard/data/connections", "/dashboard/data/tasks", "/dashboard/data/refusals", "/dashboard/data/events", "/dashboard/data/messages?channel=a", "/dashboard/api/channels", "/dashboard/api/info"];

    [Theory]
    [MemberData(nameof(Behind))]
    public async Task With_keys_the_admin_key_alone_opens_it(string path)
    {
        await using var server = await StartAsync(DashboardClient.Keys);
        var client = new DashboardClient(server);
        foreach (var wrong in new[] { "", "Bearer " + DashboardClient.ApiKey, "Bearer " + DashboardClient.AdminKey + "x", DashboardClient.AdminKey })
        {
            using var refused = await client.GetAsync(path, ("Authorization", wrong));
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        using var open = await client.GetAsync(path, ("Authorization", "Bearer " + DashboardClient.AdminKey));
        Assert.Equal(HttpStatusCode.OK, open.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Behind))]
    public async Task Without_a_key_direct_local_requests_alone_are_answered(string path)
    {
        await using var server = await StartAsync();
        var client = new DashboardClient(server);
        foreach (var (name, value) in new[] { ("Host", "evil.example"), ("X-Forwarded-For", "10.0.0.1"), ("Origin", "https://evil.example"), ("Via", "1.1 proxy") })
        {
            using var refused = await client.GetAsync(path, (name, value));
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
            Assert.Contains("Tidings:AdminKey", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var open = await client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, open.StatusCode);
    }

    [Fact]
    public async Task Where_only_the_api_key_is_set_a_local_page_sees_and_does_nothing()
    {
        await using var server = await StartAsync(("Tidings:ApiKey", DashboardClient.ApiKey));
        var client = new DashboardClient(server);
        using var read = await client.GetAsync("/dashboard/data/connections");
        Assert.Equal(HttpStatusCode.Unauthorized, read.StatusCode);
        foreach (var (path, json) in new[] { ("/dashboard/api/publish", """{"channel":"a","data":1}"""), ("/dashboard/data/disconnect", """{"number":"1"}""") })
        {
            using var refused = await client.PostAsync(path, json);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }
    }

    [Fact]
    public async Task A_browser_without_the_key_gets_a_form_and_with_it_a_session()
    {
        await using var server = await StartAsync(DashboardClient.Keys);
        var client = new DashboardClient(server);
        using var asked = await client.GetAsync("/dashboard", ("Accept", "text/html"));
        Assert.Equal(HttpStatusCode.Unauthorized, asked.StatusCode);
        Assert.Contains("<form method=\"post\" action=\"dashboard/session\"", await asked.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var set = await client.SignInAsync();
        Assert.Contains("; path=/dashboard; samesite=strict; httponly", set, StringComparison.Ordinal);
        Assert.DoesNotContain("secure", set, StringComparison.OrdinalIgnoreCase);
        foreach (var path in Behind)
        {
            using var open = await client.GetAsync(path.Data);
            Assert.Equal(HttpStatusCode.OK, open.StatusCode);
        }

        using var elsewhere = await client.GetAsync("/api/info");
        Assert.Equal(HttpStatusCode.Unauthorized, elsewhere.StatusCode);
        using var ended = await client.PostAsync("/dashboard/session/end", "{}");
        Assert.Contains("tidings_dashboard=; expires=Thu, 01 Jan 1970", ended.Headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_that_was_signed_out_has_ended_for_every_copy_of_its_cookie()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, DashboardClient.Keys);
        var client = new DashboardClient(server);
        await client.SignInAsync();
        var copy = new DashboardClient(server) { Cookie = client.Cookie };
        time.Advance(TimeSpan.FromMinutes(31));
        using var used = await copy.GetAsync("/dashboard/data/tasks");
        var renewed = new DashboardClient(server) { Cookie = used.Headers.GetValues("Set-Cookie").Single().Split(';')[0] };
        using var stream = await copy.GetAsync("/dashboard/data/events");
        var other = new DashboardClient(server);
        await other.SignInAsync();

        // Not by a page elsewhere.
        using var foreign = await client.PostAsync("/dashboard/session/end", "{}", ("Origin", "https://evil.example"));
        await copy.GetJsonAsync("/dashboard/data/tasks");
        using var ended = await client.PostAsync("/dashboard/session/end", "{}");
        foreach (var old in new[] { client, copy, renewed })
        {
            using var refused = await old.GetAsync("/dashboard/data/tasks");
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        await other.GetJsonAsync("/dashboard/data/tasks");
        var reading = stream.Content.ReadAsStringAsync();
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return reading.IsCompleted;
            },
            "its stream ends");
    }

    [Fact]
    public async Task Over_TLS_the_cookie_is_secure_and_behind_a_path_it_is_of_that_path()
    {
        using var authority = new TestAuthority();
        authority.Issue();
        await using var server = await StartAsync([
            .. DashboardClient.Keys, ("urls", "https://127.0.0.1:0"), ("Tidings:PathBase", "/push"),
            ("Tidings:Certificates:CertificateFile", authority.CertificateFile), ("Tidings:Certificates:KeyFile", authority.KeyFile)]);
        using var http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false, UseCookies = false, AllowAutoRedirect = false, SslOptions = { RemoteCertificateValidationCallback = (_, certificate, chain, _) => authority.Trusts(certificate, chain) },
        }) { BaseAddress = server.Url };
        using var response = await http.PostAsync(new Uri("/push/dashboard/session", UriKind.Relative), new FormUrlEncodedContent([KeyValuePair.Create("key", DashboardClient.AdminKey)]));
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/push/dashboard/session") { Content = new FormUrlEncodedContent([KeyValuePair.Create("key", DashboardClient.AdminKey)]) };
        request.Headers.Add("Origin", server.Url.GetLeftPart(UriPartial.Authority));
        using var signed = await http.SendAsync(request);
        Assert.Equal("/push/dashboard", signed.Headers.Location!.OriginalString);
        Assert.Contains("; path=/push/dashboard; secure; samesite=strict; httponly", signed.Headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_is_no_use_to_pages_of_other_origins()
    {
        await using var server = await StartAsync([.. DashboardClient.Keys, ("Tidings:AllowedOrigins:0", "https://app.example")]);
        var client = new DashboardClient(server);
        await client.SignInAsync();
        const string Publish = """{"channel":"room:x","data":1}""";
        foreach (var origin in new[] { "", "null", "https://app.example", $"http://127.0.0.1:{server.Port + 1}", $"https://127.0.0.1:{server.Port}" })
        {
            using var refused = await client.PostAsync("/dashboard/api/publish", Publish, ("Origin", origin));
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        foreach (var site in new[] { "cross-site", "same-site", "none" })
        {
            using var refused = await client.PostAsync("/dashboard/api/publish", Publish, ("Sec-Fetch-Site", site));
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        using var read = await client.GetAsync("/dashboard/data/connections", ("Sec-Fetch-Site", "same-site"));
        Assert.Equal(HttpStatusCode.Unauthorized, read.StatusCode);
        using var done = await client.PostAsync("/dashboard/api/publish", Publish, ("Sec-Fetch-Site", "same-origin"));
        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
    }

    [Fact]
    public async Task A_session_ends_after_an_hour_without_use_and_after_twelve_in_any_case()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, DashboardClient.Keys);
        var client = new DashboardClient(server);
        await client.SignInAsync();
        for (var half = 1; half < 24; half++)
        {
            time.Advance(TimeSpan.FromMinutes(31));
            using var used = await client.GetAsync("/dashboard/data/tasks");
            if (half * 31 >= 12 * 60)
            {
                Assert.Equal(HttpStatusCode.Unauthorized, used.StatusCode);
                break;
            }

            Assert.Equal(HttpStatusCode.OK, used.StatusCode);
            client.Cookie = used.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        }

        await client.SignInAsync();
        time.Advance(TimeSpan.FromMinutes(29));
        using var early = await client.GetAsync("/dashboard/data/tasks");
        Assert.False(early.Headers.Contains("Set-Cookie"));
        time.Advance(TimeSpan.FromMinutes(31));
        using var late = await client.GetAsync("/dashboard/data/tasks");
        Assert.Equal(HttpStatusCode.Unauthorized, late.StatusCode);
    }

    [Fact]
    public async Task Cookies_that_are_changed_or_of_another_key_are_no_sessions()
    {
        await using var server = await StartAsync(DashboardClient.Keys);
        await using var other = await StartAsync(("Tidings:AdminKey", "another-admin-key-of-a-server"));
        var client = new DashboardClient(server);
        await client.SignInAsync();
        var cookie = client.Cookie!;
        Assert.Equal(HttpStatusCode.Unauthorized, (await new DashboardClient(other) { Cookie = cookie }.GetAsync("/dashboard/data/tasks")).StatusCode);
        var name = "tidings_dashboard=".Length;
        for (var i = name; i < cookie.Length; i++)
        {
            client.Cookie = cookie[..i] + (cookie[i] == 'A' ? 'B' : 'A') + cookie[(i + 1)..];
            using var refused = await client.GetAsync("/dashboard/data/tasks");
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        foreach (var broken in new[] { cookie[..name], cookie[..^1], cookie + "A", cookie[..name] + new string('%', 64), cookie[..name] + new string('A', 4000) })
        {
            client.Cookie = broken;
            using var refused = await client.GetAsync("/dashboard/data/tasks");
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }
    }

    [Fact]
    public async Task Another_admin_key_ends_the_sessions_of_the_one_before()
    {
        await using var server = await StartAsync(DashboardClient.Keys);
        var client = new DashboardClient(server);
        await client.SignInAsync();
        await client.GetJsonAsync("/dashboard/data/tasks");
        server.Services.Reload(new TidingsOptions { AdminKey = "another-admin-key-of-a-server" });
        using var refused = await client.GetAsync("/dashboard/data/tasks");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        using var wrong = await client.PostKeyAsync(DashboardClient.AdminKey);
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
    }

    [Fact]
    public async Task A_stream_ends_after_an_hour_and_who_comes_back_is_judged_anew()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, DashboardClient.Keys);
        var client = new DashboardClient(server);
        await client.SignInAsync();
        var timers = time.ArmedTimers;
        using var stream = await client.GetAsync("/dashboard/data/messages?channel=a");
        await Eventually.TrueAsync(() => time.ArmedTimers > timers + 1, "the stream goes on");
        time.Advance(TimeSpan.FromMinutes(61));
        await stream.Content.ReadAsStringAsync().WaitAsync(Eventually.Limit);
        using var back = await client.GetAsync("/dashboard/data/messages?channel=a");
        Assert.Equal(HttpStatusCode.Unauthorized, back.StatusCode);
    }

    [Fact]
    public async Task Guesses_are_slowed_down_and_remembered_as_refusals()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, DashboardClient.Keys);
        var client = new DashboardClient(server);
        for (var i = 0; i < 5; i++)
        {
            using var wrong = await client.PostKeyAsync("wrong" + i);
            Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
            Assert.Contains("That is not the admin key.", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var right = await client.PostKeyAsync(DashboardClient.AdminKey);
        Assert.Equal(HttpStatusCode.TooManyRequests, right.StatusCode);
        Assert.Equal("1", right.Headers.GetValues("Retry-After").Single());
        time.Advance(TimeSpan.FromSeconds(1));
        await client.SignInAsync();
        var refusals = (await client.GetJsonAsync("/dashboard/data/refusals")).GetProperty("refusals");
        Assert.Equal(("Dashboard: too many attempts", "127.0.0.1"), (refusals[0].GetProperty("reason").GetString(), refusals[0].GetProperty("address").GetString()));
        Assert.Equal("Dashboard: wrong key", refusals[5].GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Forms_that_are_none_are_refused()
    {
        await using var server = await StartAsync(DashboardClient.Keys);
        var client = new DashboardClient(server);
        foreach (var content in new HttpContent[] { Json.Content("""{"key":"a"}"""), new StringContent(""), new FormUrlEncodedContent([]), new FormUrlEncodedContent([KeyValuePair.Create("key", new string('k', 10_000))]) })
        {
            using var refused = await client.SendAsync(HttpMethod.Post, "/dashboard/session", content);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }
    }

    [Fact]
    public async Task The_page_and_its_files_come_with_a_policy_that_lets_nothing_else_in()
    {
        await using var server = await StartAsync(("Tidings:Demo", "false"));
        var client = new DashboardClient(server);
        using var page = await client.GetAsync("/dashboard", ("Accept", "text/html"));
        var html = await page.Content.ReadAsStringAsync();
        Assert.DoesNotContain("http", html, StringComparison.Ordinal);
        foreach (var (file, type) in new[] { ("dashboard.js", "text/javascript"), ("dashboard.css", "text/css"), ("theme.css", "text/css"), ("dom.js", "text/javascript"), ("logo.svg", "image/svg+xml") })
        {
            using var part = await client.GetAsync("/dashboard/" + file);
            Assert.Equal(type, part.Content.Headers.ContentType!.MediaType);
            Assert.Contains("default-src 'none'", part.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        }

        Assert.Contains("frame-ancestors 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        foreach (var path in new[] { "/dashboard/index.html", "/dashboard/sign-in.html", "/dashboard/nothing.js", "/dashboard/..%2fpage.js", "/dashboard/data", "/dashboard//data/connections" })
        {
            using var absent = await client.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, absent.StatusCode);
        }
    }

    [Fact]
    public async Task The_admin_key_appears_in_no_answer_and_no_log()
    {
        await using var server = await StartAsync([.. DashboardClient.Keys, ("Tidings:RequestLog", "true")]);
        var client = new DashboardClient(server);
        List<string> said = [];
        foreach (var key in new[] { DashboardClient.AdminKey + "-wrong", DashboardClient.AdminKey })
        {
            using var answer = await client.PostKeyAsync(key);
            said.Add(answer.ToString() + await answer.Content.ReadAsStringAsync());
        }

        await client.SignInAsync();
        said.Add(client.Cookie!);
        foreach (var path in new[] { "/dashboard", "/dashboard/data/refusals", "/dashboard/data/connections", "/dashboard/api/info" })
        {
            using var answer = await client.GetAsync(path);
            said.Add(answer.ToString() + await answer.Content.ReadAsStringAsync());
        }

        Assert.NotEmpty(server.Log);
        Assert.All(said.Concat(server.Log), static text => Assert.DoesNotContain("canary", text, StringComparison.OrdinalIgnoreCase));
    }
}
