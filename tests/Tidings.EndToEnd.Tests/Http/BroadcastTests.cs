using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Http;

public sealed class BroadcastTests : ServerTests
{
    private const string Key = "0123456789abcdef-key";
    private const string Good = """{"content":"<b>x</b> 中文","room":"lobby"}""";

    [Fact]
    public async Task It_publishes_into_the_room_and_answers_sent()
    {
        await using var server = await StartAsync();
        await using var socket = await server.ConnectAsync("/ws/lobby");
        using var response = await server.Http.PostAsync("/broadcast", Json.Content(Good));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("""{"status":"sent"}""", await response.Content.ReadAsStringAsync());
        await socket.ExpectTextAsync("[lobby] &lt;b&gt;x&lt;/b&gt; 中文");
    }

    [Fact]
    public async Task A_room_where_nobody_is_takes_it_too()
    {
        await using var server = await StartAsync();
        using var response = await server.Http.PostAsync("/broadcast", Json.Content("""{"room":"中文","content":""}"""));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{}")]
    [InlineData("""{"content":"x" """)]
    [InlineData("""{"content":"x"}""")]
    [InlineData("""{"room":"lobby"}""")]
    [InlineData("""{"content":null,"room":"lobby"}""")]
    [InlineData("""{"content":1,"room":"lobby"}""")]
    [InlineData("""{"content":{"a":1},"room":"lobby"}""")]
    [InlineData("""{"content":"x","room":["lobby"]}""")]
    [InlineData("""{"content":"x","room":"lobby","room":"garden"}""")]
    [InlineData("""{"content":"x","room":"lobby"} {}""")]
    [InlineData("""{"content":"\ud800","room":"lobby"}""")]
    [InlineData("""{"content":"x","room":"a b"}""")]
    [InlineData("""{"content":"x","room":""}""")]
    [InlineData("""{"content":"x","room":"<b>"}""")]
    [InlineData("""{"content":"x","room":"cafe\u0301"}""")]
    public async Task A_wrong_body_is_a_problem_of_status_400(string body)
    {
        await using var server = await StartAsync();
        using var response = await server.Http.PostAsync("/broadcast", Json.Content(body));
        await ExpectProblemAsync(response, HttpStatusCode.BadRequest, "bad_request");
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task A_body_that_is_no_utf8_or_nested_without_end_is_a_problem_of_status_400()
    {
        await using var server = await StartAsync();
        foreach (var body in new[]
        {
            [.. """{"room":"lobby","content":" """u8, 0xC3, 0x28, .. "\"}"u8],
            Encoding.ASCII.GetBytes("{\"room\":\"lobby\",\"content\":\"x\",\"more\":" + new string('[', 100_000)),
        })
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await server.Http.PostAsync("/broadcast", content);
            await ExpectProblemAsync(response, HttpStatusCode.BadRequest, "bad_request");
        }

        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task A_message_over_the_soft_limit_or_a_body_out_of_proportion_is_413()
    {
        await using var server = await StartAsync(("Tidings:Limits:Preset", "small"));
        foreach (var (size, status) in new[] { (10_240, HttpStatusCode.OK), (10_241, HttpStatusCode.RequestEntityTooLarge), (200_000, HttpStatusCode.RequestEntityTooLarge) })
        {
            using var response = await server.Http.PostAsync("/broadcast", Json.Content($$"""{"content":"{{new string('x', size)}}","room":"lobby"}"""));
            Assert.Equal(status, response.StatusCode);
            if (status != HttpStatusCode.OK)
            {
                await ExpectProblemAsync(response, status, "too_large");
            }
        }

        server.ExpectNothingLogged();
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    public async Task Other_methods_are_not_allowed(string method)
    {
        await using var server = await StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), "/broadcast");
        using var response = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }

    [Theory]
    [InlineData("Bearer " + Key, true)]
    [InlineData("bearer " + Key, true)]
    [InlineData(null, false)]
    [InlineData("Bearer wrong-key-of-the-same-length", false)]
    [InlineData("Bearer ", false)]
    [InlineData(Key, false)]
    [InlineData("Basic " + Key, false)]
    public async Task Where_a_key_is_set_it_is_needed_even_on_this_machine(string? authorization, bool allowed)
    {
        await using var server = await StartAsync(("Tidings:ApiKey", Key));
        using var request = Request(Json.Content(Good));
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        using var response = await server.Http.SendAsync(request);
        if (allowed)
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        else
        {
            await ExpectProblemAsync(response, HttpStatusCode.Unauthorized, "unauthorized", "Tidings:ApiKey");
        }
    }

    [Fact]
    public async Task With_the_key_a_proxied_request_is_answered()
    {
        await using var server = await StartAsync(("Tidings:ApiKey", Key));
        using var request = Request(Json.Content(Good));
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + Key);
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", "192.0.2.1");
        using var response = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("Forwarded", "for=192.0.2.1")]
    [InlineData("X-Forwarded-For", "192.0.2.1")]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("X-Forwarded-Proto", "https")]
    [InlineData("X-Forwarded-Host", "localhost")]
    [InlineData("Via", "1.1 proxy")]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "http://localhost:1")]
    [InlineData("Origin", "null")]
    [InlineData("Host", "evil.example")]
    [InlineData("Host", "localhost.evil.example")]
    [InlineData("Host", "192.0.2.1")]
    public async Task Without_a_key_what_is_not_direct_and_local_is_told_the_option(string header, string value)
    {
        await using var server = await StartAsync();
        using var request = Request(Json.Content(Good));
        request.Headers.TryAddWithoutValidation(header, value);
        using var response = await server.Http.SendAsync(request);
        await ExpectProblemAsync(response, HttpStatusCode.Unauthorized, "unauthorized", "Tidings:ApiKey");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData(null)]
    public async Task Without_a_key_a_body_that_any_page_may_send_is_refused(string? type)
    {
        await using var server = await StartAsync();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Good));
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        using var response = await server.Http.PostAsync("/broadcast", content);
        await ExpectProblemAsync(response, HttpStatusCode.Unauthorized, "unauthorized", "Tidings:ApiKey");
    }

    [Fact]
    public async Task Our_own_page_may_broadcast()
    {
        await using var server = await StartAsync();
        using var request = Request(Json.Content(Good));
        request.Headers.TryAddWithoutValidation("Origin", $"http://127.0.0.1:{server.Port}");
        using var response = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static HttpRequestMessage Request(HttpContent content) => new(HttpMethod.Post, "/broadcast") { Content = content };

    private static async Task ExpectProblemAsync(HttpResponseMessage response, HttpStatusCode status, string code, string says = "")
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, $"{response.StatusCode}: {body}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        using var problem = JsonDocument.Parse(body);
        Assert.Equal(code, problem.RootElement.GetProperty("code").GetString());
        Assert.Equal((int)status, problem.RootElement.GetProperty("status").GetInt32());
        Assert.Contains(says, problem.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }
}
