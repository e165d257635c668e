using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;
using Tidings.Testing;

namespace Tidings.AspNetCore.Api.Tests.Api;

public sealed class KeyTests
{
    private const string Key = "0123456789abcde0";

    public static TheoryData<string, string> Routes => new()
    {
        { "POST", "publish" }, { "POST", "broadcast" }, { "POST", "send" }, { "POST", "subscribe" }, { "POST", "unsubscribe" }, { "POST", "disconnect" }, { "POST", "batch" },
        { "GET", "presence?channel=a" }, { "GET", "history?channel=a" }, { "GET", "channels" }, { "GET", "connections" }, { "GET", "info" },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Every_route_needs_the_key(string method, string route)
    {
        await using var app = await TestApp.StartAsync(options: options => options.ApiKey = Key);
        foreach (var wrong in new[] { null, "", "Bearer ", "Bearer 0123456789abcdeF", "Basic " + Key, Key })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(app, method, route, request => request.Headers.TryAddWithoutValidation("Authorization", wrong)));
        }

        Assert.NotEqual(HttpStatusCode.Unauthorized, await StatusAsync(app, method, route, request => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key)));
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Without_a_key_only_direct_local_requests_are_answered(string method, string route)
    {
        await using var app = await TestApp.StartAsync();
        foreach (var header in new[] { "X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1", "Via: 1.1 proxy", "Origin: https://evil.example", "Host: evil.example" })
        {
            var parts = header.Split(": ");
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(app, method, route, request => request.Headers.TryAddWithoutValidation(parts[0], parts[1])));
        }

        if (method == "POST")
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(app, method, route, request => request.Content = new StringContent("{}", Encoding.UTF8, "text/plain")));
        }

        Assert.NotEqual(HttpStatusCode.Unauthorized, await StatusAsync(app, method, route, static _ => { }));
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Outside_of_Development_nobody_is_let_in_for_where_they_come_from(string method, string route)
    {
        await using var production = await TestApp.StartAsync(environment: "Production");
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(production, method, route, static _ => { }));
        await using var development = await TestApp.StartAsync(environment: "Development");
        Assert.NotEqual(HttpStatusCode.Unauthorized, await StatusAsync(development, method, route, static _ => { }));
    }

    public static TheoryData<string> Ends => ["key", "tokens", "authentication", "proxy", "certificate"];

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task In_Development_too_the_rule_ends_with_what_says_that_others_are_to_come(string what)
    {
        await using var app = await TestApp.StartAsync(
            environment: "Development",
            options: options =>
            {
                options.ApiKey = what == "key" ? Key : null;
                options.Jwt.Secret = what == "tokens" ? Key + Key : null;
                options.RequireAuthentication = what == "authentication";
            },
            services: services =>
            {
                if (what == "proxy")
                {
                    services.Configure<ForwardedHeadersOptions>(static headers => headers.ForwardedHeaders = ForwardedHeaders.XForwardedFor);
                }

                if (what == "certificate")
                {
                    services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("Kestrel:Certificates:Default:Path", (string?)"a.pem")]).Build());
                }
            });
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(app, "GET", "info", static _ => { }));
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task The_admin_key_opens_every_route_beside_or_instead_of_the_api_key(string method, string route)
    {
        const string Admin = "fedcba9876543211";
        foreach (var other in new[] { null, Key })
        {
            await using var app = await TestApp.StartAsync(options: options => (options.AdminKey, options.ApiKey) = (Admin, other));
            Assert.NotEqual(HttpStatusCode.Unauthorized, await StatusAsync(app, method, route, request => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Admin)));
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(app, method, route, static _ => { }));
        }
    }

    [Fact]
    public async Task A_key_has_so_many_requests_a_second_and_each_command_of_a_batch_is_one()
    {
        var time = new ManualTime();
        await using var app = await TestApp.StartAsync(
            options: options => (options.ApiKey, options.AdminKey, options.Limits.ApiRequestsPerSecond) = (Key, "fedcba9876543211", 3), time: time);
        var batch = """{"commands":[{"publish":{"channel":"a","data":1}},{"publish":{"channel":"a","data":2}},{"publish":{"channel":"a","data":3}},{"publish":{"channel":"a","data":4}}]}""";
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, "batch", batch)).StatusCode);
        using var refused = await PostAsync(app, "publish", """{"channel":"a","data":5}""");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal("1", refused.Headers.GetValues("Retry-After").Single());
        var problem = JsonDocument.Parse(await refused.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(("rate_limited", 667), (problem.GetProperty("code").GetString(), problem.GetProperty("retryAfter").GetInt32()));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, "GET", "info", static request => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "fedcba9876543211")));
        time.Advance(TimeSpan.FromMilliseconds(667));
        using var again = await PostAsync(app, "publish", """{"channel":"a","data":5}""");
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    private static async Task<HttpResponseMessage> PostAsync(TestApp app, string route, string json)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/" + route) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        return await app.Http.SendAsync(request);
    }

    private static async Task<HttpStatusCode> StatusAsync(TestApp app, string method, string route, Action<HttpRequestMessage> change)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), "/api/" + route);
        if (method == "POST")
        {
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        }

        change(request);
        return (await app.SendAsync(request)).Status;
    }
}
