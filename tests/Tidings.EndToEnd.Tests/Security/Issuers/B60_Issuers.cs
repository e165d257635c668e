using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Security.Issuers;

namespace Tidings.EndToEnd.Tests.Security.Issuers;

/// <summary>B60: what an issuer, or somebody in its place, may answer over the network, and what must come of it.</summary>
public sealed class B60_Issuers : IAsyncDisposable
{
    private readonly IssuerHttp _http = new(TimeProvider.System);

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    public static TheoryData<string, string> Answers => new()
    {
        { "10 MB", "more than 512 KB" },
        { "10 MB without a length", "more than 512 KB" },
        { "a redirect to another host", "leads elsewhere" },
        { "a redirect to itself", "leads elsewhere" },
        { "a redirect to a file", "leads elsewhere" },
        { "401", "answered 401" },
        { "500", "answered 500" },
        { "204", "answered 204" },
        { "a page", "no JSON" },
        { "nothing", "no JSON" },
        { "half of it", "could not be asked" },
        { "a member twice", "a member twice" },
        { "depth 5000", "too deep" },
        { "gzip", "no JSON" },
        { "100 KB of headers", "could not be asked" },
        { "a closed connection", "could not be asked" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task It_is_refused_within_bounds(string what, string why)
    {
        await using var provider = await OpenIdProvider.StartAsync();
        provider.OnKeys = context => AnswerAsync(context, what);
        var before = GC.GetTotalAllocatedBytes();
        var location = new KeyLocation(provider.Issuer, null, null);
        var refused = await Assert.ThrowsAsync<IssuerException>(() => IssuerDocuments.FetchAsync(location, _http, CancellationToken.None));
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.Equal(1, provider.KeyFetches);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 64 << 20);
    }

    [Fact]
    public async Task Whoever_does_not_answer_is_left_after_ten_seconds()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        var time = new Testing.ManualTime();
        using var http = new IssuerHttp(time);
        var asked = new TaskCompletionSource();
        provider.OnKeys = async context =>
        {
            await context.Response.WriteAsync("{");
            await context.Response.Body.FlushAsync();
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };
        var fetching = IssuerDocuments.FetchAsync(new KeyLocation(null, provider.Issuer + "/keys", null), http, CancellationToken.None);
        await asked.Task;
        time.Advance(IssuerHttp.Limit);
        Assert.Contains("within 10 s", (await Assert.ThrowsAsync<IssuerException>(() => fetching)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_answered_so_goes_on_with_the_last_good_keys()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var server = await TestServer.StartAsync(Pump.Lanes, settings: [("Tidings:Jwt:Authority", provider.Issuer), ("Tidings:Jwt:Audience", "push")]);
        var token = provider.Token("ada", "push");
        var asked = provider.KeyFetches;
        provider.OnKeys = static context => AnswerAsync(context, "10 MB");
        using var unknown = await PollAsync(server, provider.Sign(new() { ["iss"] = provider.Issuer, ["sub"] = "a", ["aud"] = "push", ["exp"] = 4_000_000_000 }, keyId: "x"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, unknown.StatusCode);
        await Eventually.TrueAsync(() => server.Log.Any(static line => line.Contains("more than 512 KB", StringComparison.Ordinal)), "the log says why");
        Assert.True(provider.KeyFetches > asked);
        using var known = await PollAsync(server, token);
        Assert.Equal(HttpStatusCode.OK, known.StatusCode);
    }

    private static Task<HttpResponseMessage> PollAsync(TestServer server, string token)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/messages");
        request.Headers.Authorization = new("Bearer", token);
        return server.Http.SendAsync(request);
    }

    private static async Task AnswerAsync(HttpContext context, string what)
    {
        var response = context.Response;
        switch (what)
        {
            case "10 MB":
                response.ContentLength = 10 << 20;
                await WriteLotsAsync(response);
                break;
            case "10 MB without a length":
                await WriteLotsAsync(response);
                break;
            case "a redirect to another host":
                response.Redirect("http://127.0.0.2:1/keys");
                break;
            case "a redirect to itself":
                response.Redirect("/keys");
                break;
            case "a redirect to a file":
                response.Redirect("file:///etc/passwd", permanent: true);
                break;
            case "401" or "500" or "204":
                response.StatusCode = int.Parse(what, System.Globalization.CultureInfo.InvariantCulture);
                break;
            case "a page":
                await response.WriteAsync("<html><body>Sign in</body></html>");
                break;
            case "half of it":
                response.ContentLength = 1000;
                await response.WriteAsync("{\"keys\":[");
                context.Abort();
                break;
            case "a member twice":
                await response.WriteAsync("{\"keys\":[],\"keys\":[]}");
                break;
            case "depth 5000":
                await response.WriteAsync($"{{\"keys\":{new string('[', 5000)}{new string(']', 5000)}}}");
                break;
            case "gzip":
                response.Headers.ContentEncoding = "gzip";
                await using (var zip = new System.IO.Compression.GZipStream(response.Body, System.IO.Compression.CompressionLevel.Optimal))
                {
                    await zip.WriteAsync(Encoding.UTF8.GetBytes(new string(' ', 1 << 20)));
                }

                break;
            case "100 KB of headers":
                for (var i = 0; i < 100; i++)
                {
                    response.Headers[$"X-{i}"] = new string('x', 1000);
                }

                break;
            case "a closed connection":
                context.Abort();
                break;
        }
    }

    private static async Task WriteLotsAsync(HttpResponse response)
    {
        var part = Encoding.UTF8.GetBytes(new string(' ', 64 << 10));
        for (var i = 0; i < 160 && !response.HttpContext.RequestAborted.IsCancellationRequested; i++)
        {
            await response.Body.WriteAsync(part, response.HttpContext.RequestAborted);
        }
    }
}
