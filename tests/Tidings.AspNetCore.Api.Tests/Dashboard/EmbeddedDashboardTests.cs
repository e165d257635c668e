using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Tidings.AspNetCore.Api.Tests.Dashboard;

/// <summary>The dashboard in an application of somebody's own.</summary>
public sealed partial class EmbeddedDashboardTests
{
    private const string Key = "canary-0123456789-admin";

    [Theory]
    [InlineData("", "/dashboard", "/dashboard")]
    [InlineData("", "ops/push/", "/ops/push")]
    [InlineData("/admin", "push", "/admin/push")]
    public async Task It_stands_where_the_application_says_with_all_that_it_asks_for(string group, string pattern, string root)
    {
        await using var app = await StartAsync(endpoints => (group.Length > 0 ? endpoints.MapGroup(group) : endpoints).MapTidingsDashboard(pattern), Environments.Production, Key);
        using var http = ClientOf(app);
        using var asked = await http.SendAsync(Page(root));
        Assert.Equal(HttpStatusCode.Unauthorized, asked.StatusCode);
        await ExpectLinksAsync(http, root, await asked.Content.ReadAsStringAsync(), "/theme.css");

        using var signing = new HttpRequestMessage(HttpMethod.Post, root + "/session") { Content = new FormUrlEncodedContent([KeyValuePair.Create("key", Key)]) };
        signing.Headers.Add("Origin", http.BaseAddress!.GetLeftPart(UriPartial.Authority));
        using var signed = await http.SendAsync(signing);
        Assert.Equal((HttpStatusCode.SeeOther, root), (signed.StatusCode, signed.Headers.Location!.OriginalString));
        var cookie = signed.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains($"; path={root}; samesite=strict; httponly", cookie, StringComparison.Ordinal);
        http.DefaultRequestHeaders.Add("Cookie", cookie.Split(';')[0]);

        using var page = await http.SendAsync(Page(root));
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        await ExpectLinksAsync(http, root, await page.Content.ReadAsStringAsync(), "/dashboard.js");
        foreach (var path in new[] { "/data/connections", "/data/session", "/api/info", "/api/channels", "/api/presence?channel=a", "/api/history?channel=a" })
        {
            using var open = await http.GetAsync(new Uri(root + path, UriKind.Relative));
            Assert.Equal((path, HttpStatusCode.OK), (path, open.StatusCode));
        }

        using var elsewhere = await http.GetAsync(new Uri("/api/info", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
    }

    [Fact]
    public async Task Without_the_key_or_a_session_no_route_but_its_files_and_its_form_answers()
    {
        await using var app = await StartAsync(static endpoints => endpoints.MapTidingsDashboard(), Environments.Production, Key);
        using var http = ClientOf(app);
        var open = new List<string>();
        var count = 0;
        foreach (var endpoint in app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            var path = RouteValue().Replace("/" + endpoint.RoutePattern.RawText!.Trim('/'), "x");
            foreach (var method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST", "PUT", "DELETE", "PATCH"])
            {
                if (!path.StartsWith("/dashboard", StringComparison.Ordinal))
                {
                    continue;
                }

                count++;
                using var request = new HttpRequestMessage(HttpMethod.Parse(method), path);
                using var answer = await http.SendAsync(request);
                if (answer.StatusCode != HttpStatusCode.Unauthorized)
                {
                    open.Add($"{method} {path} {(int)answer.StatusCode}");
                }
            }
        }

        Assert.InRange(count, 25, 100);
        Assert.Equal(["GET /dashboard/x 404", "POST /dashboard/session 403", "POST /dashboard/session/end 303"], open.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Development", null, 200, 401)]
    [InlineData("Production", null, 401, 401)]
    [InlineData("Development", Key, 401, 401)]
    public async Task Without_a_key_it_answers_direct_local_requests_alone_and_those_in_Development_alone(string environment, string? key, int direct, int forwarded)
    {
        await using var app = await StartAsync(static endpoints => endpoints.MapTidingsDashboard(), environment, key);
        using var http = ClientOf(app);
        foreach (var path in new[] { "/dashboard", "/dashboard/data/connections", "/dashboard/api/info" })
        {
            using var local = await http.GetAsync(new Uri(path, UriKind.Relative));
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Add("X-Forwarded-For", "10.0.0.1");
            using var passed = await http.SendAsync(request);
            Assert.Equal((path, direct, forwarded), (path, (int)local.StatusCode, (int)passed.StatusCode));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/{tenant}/dashboard")]
    [InlineData("/a b")]
    [InlineData("/<b>")]
    public async Task A_path_that_a_page_cannot_stand_at_is_refused(string pattern)
    {
        await using var app = await StartAsync(endpoints => Assert.Throws<ArgumentException>(nameof(pattern), () => endpoints.MapTidingsDashboard(pattern)), Environments.Production, Key);
    }

    private static async Task ExpectLinksAsync(HttpClient http, string root, string html, string among)
    {
        // Nobody signs in at a provider here: the link to one is hidden.
        var links = Link().Matches(html).Select(static match => match.Groups[1].Value).Where(static link => !link.EndsWith("/session/openid", StringComparison.Ordinal)).ToList();
        Assert.Contains(links, link => link.EndsWith(among, StringComparison.Ordinal));
        foreach (var link in links)
        {
            using var file = await http.GetAsync(new Uri(new Uri(http.BaseAddress!, root), link));
            Assert.Equal((link, HttpStatusCode.OK), (link, file.StatusCode));
        }
    }

    private static HttpRequestMessage Page(string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
        return request;
    }

    private static HttpClient ClientOf(WebApplication app) =>
        new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = new Uri(app.Urls.First()), Timeout = TimeSpan.FromSeconds(20) };

    private static async Task<WebApplication> StartAsync(Action<IEndpointRouteBuilder> map, string environment, string? key)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddTidings(options =>
        {
            options.AdminKey = key;
            options.Drain = TimeSpan.Zero;
        });
        var app = builder.Build();
        app.MapTidings("/connect");
        map(app);
        await app.StartAsync();
        return app;
    }

    [GeneratedRegex("(?:src|href)=\"([^#\"]+)\"")]
    private static partial Regex Link();

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex RouteValue();
}
