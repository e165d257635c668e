using System.Net;
using System.Text;
using System.Text.Json;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.Channels.Tests.Centrifuge;

/// <summary>The HTTP API of the Centrifuge protocol.</summary>
public sealed class CentrifugeApiTests : ServerTests
{
    private const string Key = "an-api-key-of-the-tests";

    private static readonly (string, string?)[] On =
    [
        ("Tidings:Centrifuge:Enabled", "true"), ("Tidings:Centrifuge:Secret", CentrifugeClient.Secret), ("Tidings:Centrifuge:ApiKey", Key), ("Tidings:Heartbeat:Interval", "0"),
        ("Tidings:Channels:0:Pattern", "team:*"), ("Tidings:Channels:0:Presence", "true"),
    ];

    [Fact]
    public async Task It_publishes_reads_and_erases()
    {
        await using var server = await StartAsync(On);
        await using var client = await CentrifugeClient.ConnectAsync(server);
        await client.SubscribeAsync("news");
        Assert.Equal("""{"result":{"offset":1,"epoch":"~"}}""", await AskAsync(server, "publish", """{"channel":"news","data":{"a":1},"tags":{"event":"paid"}}"""));
        await client.ExpectAsync("""{"push":{"channel":"news","pub":{"data":{"a":1},"offset":1,"tags":{"event":"paid"}}}}""");
        Assert.Equal("""{"result":{"responses":[{"result":{"offset":2,"epoch":"~"}},{"error":{"code":107,"message":"bad request"}}]}}""", await AskAsync(server, "broadcast", """{"channels":["news","a b"],"b64data":"eyJiIjoyfQ=="}"""));
        await client.ExpectAsync("""{"push":{"channel":"news","pub":{"data":{"b":2},"offset":2}}}""");
        Assert.Equal("""{"result":{}}""", await AskAsync(server, "publish", """{"channel":"news","data":3,"skip_history":true}"""));
        await client.ExpectAsync("""{"push":{"channel":"news","pub":{"data":3}}}""");
        Assert.Equal("""{"result":{"publications":[{"data":{"b":2},"offset":2}],"epoch":"~","offset":2}}""", await AskAsync(server, "history", """{"channel":"news","limit":1,"reverse":true}"""));
        Assert.Equal(await AskAsync(server, "publish", """{"channel":"once","data":1,"idempotency_key":"k"}"""), await AskAsync(server, "publish", """{"channel":"once","data":1,"idempotency_key":"k"}"""));
        Assert.Equal("""{"result":{}}""", await AskAsync(server, "history_remove", """{"channel":"news"}"""));
        await client.ExpectAsync("""{"push":{"channel":"news","unsubscribe":{"code":2500,"reason":"insufficient state"}}}""");
        Assert.Equal("""{"result":{"publications":[],"epoch":"~","offset":0}}""", await AskAsync(server, "history", """{"channel":"news","limit":9}"""));
        Assert.Equal(
            """{"replies":[{"publish":{"offset":1,"epoch":"~"}},{"error":{"code":104,"message":"method not found"}},{"error":{"code":107,"message":"bad request"}}]}""",
            await AskAsync(server, "batch", """{"commands":[{"publish":{"channel":"news","data":1}},{"none":{}},{"history":{}}],"parallel":true}"""));
    }

    [Fact]
    public async Task What_a_log_could_not_give_back_is_refused()
    {
        await using var server = await StartAsync(On);
        var key = new string('k', 128);
        Assert.Equal("""{"result":{"offset":1,"epoch":"~"}}""", await AskAsync(server, "publish", $$$"""{"channel":"news","data":1,"tags":{"key":"{{{key}}}","event":"{{{new string('中', 66)}}}"},"idempotency_key":"{{{key}}}"}"""));
        foreach (var wrong in (string[])[$"\"idempotency_key\":\"{key}k\"", $"\"tags\":{{\"key\":\"{key}k\"}}", $"\"tags\":{{\"event\":\"{new string('中', 67)}\"}}"])
        {
            Assert.Equal("""{"error":{"code":107,"message":"bad request"}}""", await AskAsync(server, "publish", $"{{\"channel\":\"news\",\"data\":1,{wrong}}}"));
        }
    }

    [Fact]
    public async Task It_says_who_is_there_and_acts_on_connections()
    {
        await using var server = await StartAsync(On);
        await using var ann = await CentrifugeClient.ConnectAsync(server, CentrifugeClient.Token(new { sub = "ann" }));
        Assert.Equal("""{"result":{}}""", await AskAsync(server, "subscribe", """{"user":"ann","channel":"team:a"}"""));
        Assert.StartsWith("""{"push":{"channel":"team:a","subscribe":{""", (await ann.ReceiveAsync()).GetRawText(), StringComparison.Ordinal);
        Assert.Contains($"\"{ann.Id}\":{{\"user\":\"ann\"", await AskRawAsync(server, "presence", """{"channel":"team:a"}"""), StringComparison.Ordinal);
        Assert.Equal("""{"result":{"num_clients":1,"num_users":1}}""", await AskAsync(server, "presence_stats", """{"channel":"team:a"}"""));
        Assert.Equal("""{"error":{"code":108,"message":"not available"}}""", await AskAsync(server, "presence", """{"channel":"news"}"""));
        Assert.Equal("""{"result":{"channels":{"team:a":{"num_clients":1}}}}""", await AskAsync(server, "channels", """{"pattern":"team:*"}"""));
        Assert.Contains("\"num_clients\":1,\"num_users\":1", await AskAsync(server, "info", "{}"), StringComparison.Ordinal);
        await AskAsync(server, "unsubscribe", $$"""{"client":"{{ann.Id}}","channel":"team:a"}""");
        await ann.ExpectAsync("""{"push":{"channel":"team:a","unsubscribe":{"code":2000,"reason":"Unsubscribed by server"}}}""");
        await AskAsync(server, "disconnect", """{"user":"ann","disconnect":{"code":3011,"reason":"x"}}""");
        await ann.Socket.ExpectCloseAsync(3011, "force reconnect");
        await using var again = await CentrifugeClient.ConnectAsync(server, CentrifugeClient.Token(new { sub = "ann" }));
        await AskAsync(server, "refresh", """{"user":"ann","expired":true}""");
        await again.Socket.ExpectCloseAsync(3005, "connection expired");
        await using var last = await CentrifugeClient.ConnectAsync(server, CentrifugeClient.Token(new { sub = "ann" }));
        await AskAsync(server, "disconnect", """{"user":"ann"}""");
        await last.Socket.ExpectCloseAsync(3503, "force disconnect");
    }

    [Theory]
    [InlineData("publish", "{}", 107)]
    [InlineData("publish", """{"channel":7,"data":1}""", 107)]
    [InlineData("publish", """{"channel":"news"}""", 107)]
    [InlineData("publish", """{"channel":"news","b64data":"&"}""", 107)]
    [InlineData("publish", """{"channel":"news","data":1,"idempotency_key":5}""", 107)]
    [InlineData("publish", """{"channel":"news","data":1,"tags":[]}""", 107)]
    [InlineData("publish", """{"channel":"news","data":1,"tags":{"key":7}}""", 107)]
    [InlineData("publish", """{"channel":"news","data":1,"tags":{"event":"a\u2028b"}}""", 107)]
    [InlineData("publish", """{"channel":"news","b64data":"AA="}""", 107)]
    [InlineData("publish", """{"channel":"\ud800","data":1}""", 107)]
    [InlineData("publish", """{"channel":"news","data":1,"version":1}""", 108)]
    [InlineData("broadcast", """{"channels":[],"data":1}""", 107)]
    [InlineData("broadcast", """{"channels":"news","data":1}""", 107)]
    [InlineData("subscribe", """{"channel":"news"}""", 107)]
    [InlineData("unsubscribe", """{"user":"ann"}""", 107)]
    [InlineData("disconnect", "{}", 107)]
    [InlineData("disconnect", """{"user":"ann","whitelist":["x"]}""", 108)]
    [InlineData("refresh", """{"user":"ann","expire_at":1}""", 108)]
    [InlineData("presence", "{}", 107)]
    [InlineData("history", """{"channel":"news","limit":"all"}""", 107)]
    [InlineData("history", """{"channel":"news","since":{"offset":1,"epoch":"x"},"limit":1}""", 112)]
    [InlineData("channels", """{"pattern":"a*b*"}""", 107)]
    [InlineData("batch", "{}", 107)]
    public async Task What_is_wrong_is_answered_by_its_number(string method, string body, int code)
    {
        await using var server = await StartAsync(On);
        Assert.StartsWith($"{{\"error\":{{\"code\":{code},", await AskAsync(server, method, body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_needs_its_key_in_either_header_and_knows_no_other_way()
    {
        await using var server = await StartAsync(On);
        foreach (var (header, value, status) in new[]
        {
            ("X-API-Key", Key, 200), ("Authorization", "apikey " + Key, 200), ("Authorization", "Bearer " + Key, 200), ("X-API-Key", Key + "x", 401), ("X-API-Key", "", 401),
            ("Authorization", Key, 401), ("Authorization", "Basic " + Key, 401), ("X-Other", Key, 401),
        })
        {
            Assert.Equal(status, (int)(await SendAsync(server, "info", "{}", header, value)).StatusCode);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(server, "none", "{}", "X-API-Key", Key)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(server, "info", "nonsense", "X-API-Key", Key)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(server, "info", "[]", "X-API-Key", Key)).StatusCode);
        await using var elsewhere = await StartAsync([("Tidings:Centrifuge:Enabled", "true"), ("Tidings:ApiKey", "the-server-s-own-api-key"), ("Tidings:Centrifuge:ApiPath", "/old")]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/old/info") { Headers = { { "X-API-Key", "the-server-s-own-api-key" } } };
        Assert.Equal(HttpStatusCode.OK, (await elsewhere.Http.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task What_is_for_trying_out_needs_neither_token_nor_key_and_opens_all_channels()
    {
        await using var server = await StartAsync([("Tidings:Centrifuge:Enabled", "true"), ("Tidings:Centrifuge:Insecure", "true"), ("Tidings:RequireAuthentication", "true"), ("Tidings:Channels:0:Pattern", "*"), ("Tidings:Channels:0:Subscribe", "server")]);
        await using var client = await CentrifugeClient.ConnectAsync(server, "whatever");
        await client.SubscribeAsync("closed");
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(server, "publish", """{"channel":"closed","data":1}""", "X-Other", "")).StatusCode);
        await client.ExpectAsync("""{"push":{"channel":"closed","pub":{"data":1,"offset":1}}}""");
        await client.SendAsync("""{"publish":{"channel":"closed","data":2},"id":9}""");
        string[] lines = [await client.Socket.ReceiveTextAsync(), await client.Socket.ReceiveTextAsync()];
        Assert.Contains("""{"id":9,"publish":{}}""", lines);
    }

    private static async Task<string> AskAsync(TestServer server, string method, string body) => CentrifugeClient.Plain(JsonElement.Parse(await AskRawAsync(server, method, body)));

    private static async Task<string> AskRawAsync(TestServer server, string method, string body)
    {
        using var answer = await SendAsync(server, method, body, "X-API-Key", Key);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<HttpResponseMessage> SendAsync(TestServer server, string method, string body, string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/centrifugo/api/" + method) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation(header, value);
        return await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
