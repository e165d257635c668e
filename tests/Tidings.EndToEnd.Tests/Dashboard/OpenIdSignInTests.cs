using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Dashboard;

/// <summary>People sign in to the dashboard at an OpenID Connect provider: who comes in, what each role may, and what is logged.</summary>
public sealed class OpenIdSignInTests : IAsyncLifetime
{
    private readonly LogCollector _log = new(LogLevel.Information);
    private OpenIdProvider _provider = null!;
    private TestServer _server = null!;
    private CookieContainer _cookies = new();
    private HttpClient _browser = null!;

    public async ValueTask InitializeAsync()
    {
        _provider = await OpenIdProvider.StartAsync();
        _server = await TestServer.StartAsync(
            Pump.Lanes,
            configure: builder => builder.Logging.AddProvider(_log),
            settings: [.. DashboardClient.Keys, .. Settings(_provider)]);
        _browser = NewBrowser();
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _server.DisposeAsync();
        await _provider.DisposeAsync();
        _log.Dispose();
    }

    [Fact]
    public async Task An_operator_comes_in_and_acts_are_logged_with_who()
    {
        using var page = await SignInAsync("operator");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("tidings_dashboard=", string.Join('\n', page.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
        Assert.All(page.Headers.GetValues("Set-Cookie").Where(static set => set.StartsWith("tidings_dashboard=", StringComparison.Ordinal)), static set => Assert.Contains("samesite=strict", set, StringComparison.OrdinalIgnoreCase));
        Assert.Equal("""{"user":"ada@example.com (u1)","mayAct":true}""", await _browser.GetStringAsync(Url("/dashboard/data/session")));
        using var published = await PostAsync("/dashboard/api/publish", """{"channel":"news","data":1}""");
        Assert.Equal(HttpStatusCode.OK, published.StatusCode);
        using var disconnected = await PostAsync("/dashboard/data/disconnect", """{"number":"1"}""");
        Assert.Equal(HttpStatusCode.OK, disconnected.StatusCode);
        await using var socket = await _server.ConnectSettledAsync("/ws/lobby");
        var name = System.Text.Json.JsonElement.Parse(await _browser.GetStringAsync(Url("/dashboard/data/connections"))).GetProperty("connections")[0].GetProperty("name").GetString();
        using (var followed = await _browser.GetAsync(Url($"/dashboard/api/connections/{name}/frames"), HttpCompletionOption.ResponseHeadersRead))
        {
            Assert.Equal(HttpStatusCode.OK, followed.StatusCode);
            await Eventually.TrueAsync(() => Logged("ada@example.com (u1)", $"follows connection {name}"), "who follows is in the log");
        }

        await Eventually.TrueAsync(
            () => Logged("ada@example.com (u1)", "POST /dashboard/api/publish") && Logged("ada@example.com (u1)", "POST /dashboard/data/disconnect") && Logged("ada@example.com (u1)", "as operator"),
            "who has published and disconnected is in the log");
    }

    [Fact]
    public async Task The_page_that_leads_back_names_its_icon_so_that_no_browser_asks_for_another()
    {
        using var page = await SignInAsync("viewer");
        var icon = Regex.Match(await page.Content.ReadAsStringAsync(), "rel=\"icon\"[^>]* href=\"([^\"]+)\"").Groups[1].Value;
        using var drawn = await _browser.GetAsync(new Uri(page.RequestMessage!.RequestUri!, icon));
        Assert.Equal((HttpStatusCode.OK, "image/svg+xml"), (drawn.StatusCode, drawn.Content.Headers.ContentType!.MediaType));
    }

    [Fact]
    public async Task A_viewer_looks_and_changes_nothing()
    {
        using var page = await SignInAsync("viewer");
        Assert.Equal("""{"user":"ada@example.com (u1)","mayAct":false}""", await _browser.GetStringAsync(Url("/dashboard/data/session")));
        foreach (var path in new[] { "/dashboard", "/dashboard/data/connections", "/dashboard/data/tasks", "/dashboard/data/refusals", "/dashboard/api/channels" })
        {
            using var seen = await _browser.GetAsync(Url(path));
            Assert.True(seen.IsSuccessStatusCode, $"{path}: {seen.StatusCode}");
        }

        foreach (var (path, body) in new[]
        {
            ("/dashboard/api/publish", """{"channel":"news","data":1}"""), ("/dashboard/api/disconnect", """{"user":"ann"}"""), ("/dashboard/api/send", """{"user":"ann","data":1}"""),
            ("/dashboard/api/drain", "{}"), ("/dashboard/api/tasks", """{"name":"demo"}"""), ("/dashboard/data/disconnect", """{"number":"1"}"""),
        })
        {
            using var refused = await PostAsync(path, body);
            Assert.Equal((path, HttpStatusCode.Forbidden), (path, refused.StatusCode));
        }

        await using var socket = await _server.ConnectSettledAsync("/ws/lobby");
        var name = $"{_server.Registry.Node}-{System.Text.Json.JsonElement.Parse(await _browser.GetStringAsync(Url("/dashboard/data/connections"))).GetProperty("connections")[0].GetProperty("number").GetString()}";
        using var followed = await _browser.GetAsync(Url($"/dashboard/api/connections/{name}/frames"), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.Forbidden, followed.StatusCode);
        Assert.Equal(0, _server.Services.Node.Followers.Count);

        using var put = await SendAsync(HttpMethod.Put, "/dashboard/api/tasks/x", "{}");
        using var delete = await SendAsync(HttpMethod.Delete, "/dashboard/api/history?channel=news", "{}");
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (put.StatusCode, delete.StatusCode));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("\"admin\"")]
    [InlineData("[\"Operator\",\"viewers\"]")]
    [InlineData("{\"operator\":true}")]
    [InlineData("true")]
    public async Task Somebody_without_a_role_is_told_so_and_has_no_session(string? roles)
    {
        using var page = await SignInAsync(roles is null ? null : JsonNode.Parse(roles));
        Assert.Equal(HttpStatusCode.Forbidden, page.StatusCode);
        Assert.Contains("have no role here", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var seen = await _browser.GetAsync(Url("/dashboard/data/connections"));
        Assert.Equal(HttpStatusCode.Unauthorized, seen.StatusCode);
    }

    [Fact]
    public async Task The_round_trip_is_bound_to_the_browser_and_holds_once()
    {
        var (back, set) = await GoToProviderAsync("operator");
        Assert.All(set, static cookie => Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase));
        Assert.All(set, static cookie => Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase));

        // Another browser that is sent there, as somebody who forges a sign-in would.
        var own = _browser;
        _cookies = new CookieContainer();
        using var other = NewBrowser();
        using var forged = await other.GetAsync(back);
        Assert.Equal(HttpStatusCode.Forbidden, forged.StatusCode);
        using var broken = await own.GetAsync(back.AbsoluteUri.Replace("state=", "state=x", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Forbidden, broken.StatusCode);
        using var first = await own.GetAsync(back);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        using var again = await own.GetAsync(back);
        Assert.Equal(HttpStatusCode.Forbidden, again.StatusCode);
    }

    [Fact]
    public async Task A_provider_that_is_away_or_signs_with_another_key_lets_nobody_in()
    {
        _provider.IsAway = true;
        using var away = await _browser.GetAsync(Url("/dashboard/session/openid"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, away.StatusCode);
        Assert.Contains("cannot be reached", await away.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        _provider.IsAway = false;
        var (back, _) = await GoToProviderAsync("operator");
        var known = _provider.KeySet().ToJsonString();
        _provider.OnKeys = context => context.Response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(known)).AsTask();
        _provider.Rotate();
        using var page = await _browser.GetAsync(back);
        Assert.Equal(HttpStatusCode.Forbidden, page.StatusCode);
    }

    [Fact]
    public async Task The_sign_in_page_offers_it_only_where_it_is_set_and_nothing_else_knows_of_it()
    {
        Assert.DoesNotContain("<p hidden><a id=\"sign-in-provider\"", await PageAsync(_server), StringComparison.Ordinal);
        await using var plain = await TestServer.StartAsync(Pump.Lanes, settings: DashboardClient.Keys);
        Assert.Contains("<p hidden><a id=\"sign-in-provider\"", await PageAsync(plain), StringComparison.Ordinal);
        using var begin = await plain.Http.GetAsync("/dashboard/session/openid");
        Assert.Equal(HttpStatusCode.NotFound, begin.StatusCode);
        await using var socket = await _server.ConnectAsync("/connect?ping=frame");
        Assert.Contains("\"user\":null", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
    }

    internal static (string Key, string? Value)[] Settings(OpenIdProvider provider) =>
    [
        ("Tidings:Dashboard:Authority", provider.Issuer), ("Tidings:Dashboard:ClientId", provider.Client.Id), ("Tidings:Dashboard:ClientSecret", provider.Client.Secret),
    ];

    private static async Task<string> PageAsync(TestServer server)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/dashboard");
        request.Headers.Accept.ParseAdd("text/html");
        using var page = await server.Http.SendAsync(request);
        return await page.Content.ReadAsStringAsync();
    }

    private async Task<HttpResponseMessage> SignInAsync(JsonNode? roles)
    {
        var (back, _) = await GoToProviderAsync(roles);
        return await _browser.GetAsync(back);
    }

    // To where the provider sends the browser back.
    private async Task<(Uri Back, List<string> Set)> GoToProviderAsync(JsonNode? roles)
    {
        _provider.SignsIn = new JsonObject { ["sub"] = "u1", ["email"] = "ada@example.com", ["roles"] = roles };
        using var begun = await _browser.GetAsync(Url("/dashboard/session/openid"));
        Assert.Equal(HttpStatusCode.Redirect, begun.StatusCode);
        Assert.StartsWith(_provider.Issuer, begun.Headers.Location!.AbsoluteUri, StringComparison.Ordinal);
        using var signedIn = await _browser.GetAsync(begun.Headers.Location);
        return (signedIn.Headers.Location!, [.. begun.Headers.GetValues("Set-Cookie")]);
    }

    private Task<HttpResponseMessage> PostAsync(string path, string json) => SendAsync(HttpMethod.Post, path, json);

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string json)
    {
        var request = new HttpRequestMessage(method, Url(path)) { Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Add("Origin", _server.Url.GetLeftPart(UriPartial.Authority));
        return _browser.SendAsync(request);
    }

    private HttpClient NewBrowser() => new(new SocketsHttpHandler { UseProxy = false, CookieContainer = _cookies, AllowAutoRedirect = false });

    private Uri Url(string path) => new(_server.Url, path);

    private bool Logged(params string[] parts) => _log.Lines.Any(line => parts.All(part => line.Contains(part, StringComparison.Ordinal)));
}
