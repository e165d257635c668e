using System.Net;
using System.Text;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.Channels.Tests.Http;

/// <summary>A page of an allowed origin can read why it was refused: an answer without the headers of CORS is to the page a broken network.</summary>
public sealed class CrossOriginRefusals : HttpRules
{
    private const string Friend = "https://app.example.com";
    private const string Json = "application/json";

    private static readonly (string, string?)[] Settings =
        [("Tidings:AllowedOrigins:0", Friend), ("Tidings:AllowedOrigins:1", "https://other.example.com"), ("Tidings:Jwt:Secret", "a secret of the tests, 32 bytes or more"), ("Tidings:Limits:HardMessageBytes", "10KB"), ("Tidings:Limits:MessageBytes", "1KB")];

    public static TheoryData<string, string, string?, string?, int> Refused => new()
    {
        { "GET", "/connect?wait=0&channel=no%20name", null, null, 400 },
        { "GET", "/connect?wait=0&since=no-position", null, null, 400 },
        { "GET", "/connect?wait=61", null, null, 400 },
        { "GET", "/connect?wait=0&token=no-token", null, null, 401 },
        { "GET", "/connect?wait=0&ticket=no-ticket", null, null, 401 },
        { "GET", "/connect?wait=0&channel=users:1", null, null, 401 },
        { "GET", "/connect?wait=0&last=-1", null, null, 400 },
        { "GET", "/connect", null, null, 426 },
        { "GET", "/api/events?since=no-position", null, null, 400 },
        { "GET", "/api/events?last=1.5", null, null, 400 },
        { "GET", "/api/events?channel=users:1", null, null, 401 },
        { "GET", "/api/events?token=no-token", null, null, 401 },
        { "GET", "/api/messages?presence=perhaps", null, null, 400 },
        { "GET", "/api/messages?channel=users:1", null, null, 401 },
        { "GET", "/api/tasks/none", null, null, 404 },
        { "GET", "/api/tasks/.hidden", null, null, 400 },
        { "GET", "/api/tasks/none?token=no-token", null, null, 401 },
        { "DELETE", "/api/tasks/none", null, null, 404 },
        { "GET", "/api/tasks/none/events", null, null, 404 },
        { "GET", "/api/tasks/.hidden/events", null, null, 400 },
        { "POST", "/connect", "hello", "text/plain", 400 },
        { "POST", "/connect", "no JSON", Json, 400 },
        { "POST", "/connect", "{\"a\":\"LONG\"}", Json, 413 },
        { "POST", "/connect?token=no-token", "{\"type\":\"ping\"}", Json, 401 },
        { "POST", "/api/tickets", "", Json, 401 },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_refusal_can_be_read_by_a_page_that_may_connect(string method, string url, string? body, string? type, int status)
    {
        await using var server = await StartAsync(Settings);
        using var response = await AskAsync(server, method, url, body?.Replace("LONG", new string('x', 100_000), StringComparison.Ordinal), type);
        Assert.Equal(status, (int)response.StatusCode);
        ExpectReadable(response);
    }

    [Fact]
    public async Task A_refusal_for_want_of_a_place_can_be_read_too()
    {
        await using var server = await StartAsync([.. Settings, ("Tidings:Limits:ConnectionsPerIp", "1")]);
        using var first = await AskAsync(server, "GET", "/api/events?channel=chat:a");
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        using var second = await AskAsync(server, "GET", "/api/events?channel=chat:a");
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        ExpectReadable(second);
        server.Registry.BeginDraining();
        using var third = await AskAsync(server, "GET", "/api/messages?channel=chat:a");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, third.StatusCode);
        ExpectReadable(third);
    }

    [Fact]
    public async Task A_page_may_ask_for_a_ticket()
    {
        await using var server = await StartAsync(Settings);
        using var request = new HttpRequestMessage(HttpMethod.Options, "/api/tickets");
        request.Headers.Add("Origin", Friend);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "authorization");
        using var preflight = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        ExpectReadable(preflight);
        Assert.Contains("Authorization", string.Join(',', preflight.Headers.GetValues("Access-Control-Allow-Headers")), StringComparison.OrdinalIgnoreCase);
    }

    private static void ExpectReadable(HttpResponseMessage response)
    {
        Assert.Equal([Friend], response.Headers.GetValues("Access-Control-Allow-Origin"));
        Assert.Single(response.Headers.Vary, "Origin");
    }

    private static async Task<HttpResponseMessage> AskAsync(TestServer server, string method, string url, string? body = null, string? type = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), url);
        request.Headers.Add("Origin", Friend);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        return await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
