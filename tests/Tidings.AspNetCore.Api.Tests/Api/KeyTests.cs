using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Tidings.AspNetCore.Api.Tests.Api;

public sealed class KeyTests
{
    private const string Key = "0123456789abcdef";

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
