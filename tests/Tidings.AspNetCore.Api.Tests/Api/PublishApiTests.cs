namespace Tidings.AspNetCore.Api.Tests.Api;

public sealed class PublishApiTests
{
    [Fact]
    public async Task Published_data_reaches_subscribers_byte_for_byte()
    {
        await using var app = await TestApp.StartAsync();
        await using var client = await app.ConnectAsync();
        await client.SubscribeAsync("news");
        var answer = await app.OkAsync("publish", """{"channel":"news","data":{ "n" : 1.50, "s":"é" },"key":"k"}""");
        Assert.Equal(1, answer.GetProperty("offset").GetInt64());
        var text = await client.ReceiveAsync();
        Assert.Contains("""{ "n" : 1.50, "s":"é" }""", text, StringComparison.Ordinal);
        Assert.Contains("\"key\":\"k\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_channels_get_it_in_their_order()
    {
        await using var app = await TestApp.StartAsync();
        var answer = await app.OkAsync("publish", """{"channels":["a","b","a"],"data":1}""");
        Assert.Equal(["a", "b", "a"], answer.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("channel").GetString()!));
        Assert.Equal([1L, 1L, 2L], answer.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("offset").GetInt64()));
    }

    [Fact]
    public async Task A_repeat_of_an_idempotency_key_is_the_first_message_whatever_its_body()
    {
        await using var app = await TestApp.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            app.OkAsync("publish", $$"""{"channel":"a","data":{{i}},"idempotencyKey":"once"}""")));
        Assert.All(answers, answer => Assert.Equal(1, answer.GetProperty("offset").GetInt64()));
        Assert.Single((await app.Tidings.HistoryAsync("a")).Messages);
    }

    [Fact]
    public async Task An_event_has_its_name_and_those_excepted_do_not_get_it_live()
    {
        await using var app = await TestApp.StartAsync();
        await using var one = await app.ConnectAsync();
        await using var other = await app.ConnectAsync();
        await one.SubscribeAsync("news");
        await other.SubscribeAsync("news");
        var answer = await app.OkAsync("publish", $$"""{"channel":"news","data":1,"event":"paid","except":"{{one.Id}}"}""");
        Assert.Equal(1, answer.GetProperty("offset").GetInt64());
        await app.OkAsync("publish", $$"""{"channel":"news","data":2,"except":["{{other.Id}}"]}""");
        Assert.Contains("\"offset\":1,\"event\":\"paid\",\"data\":1", await other.ReceiveAsync(), StringComparison.Ordinal);
        Assert.Contains("\"offset\":2,\"data\":2", await one.ReceiveAsync(), StringComparison.Ordinal);
        var messages = (await app.Tidings.HistoryAsync("news")).Messages;
        Assert.Equal(["paid", null], messages.Select(static message => message.Event));
        await app.OkAsync("batch", """{"commands":[{"publish":{"channel":"news","data":3,"event":"sent","except":[]}}]}""");
        Assert.Equal("sent", (await app.Tidings.HistoryAsync("news", limit: 1)).Messages[0].Event);
    }

    [Theory]
    [InlineData("""
        "except":1
        """)]
    [InlineData("""
        "except":true
        """)]
    [InlineData("""
        "except":""
        """)]
    [InlineData("""
        "except":[1]
        """)]
    [InlineData("""
        "except":["\ud800"]
        """)]
    [InlineData("""
        "except":{}
        """)]
    [InlineData("""
        "event":""
        """)]
    [InlineData("""
        "event":"a\u0000"
        """)]
    [InlineData("""
        "event":"a\nb"
        """)]
    [InlineData("""
        "event":5
        """)]
    public async Task Events_and_exceptions_that_are_none_are_refused(string fields)
    {
        await using var app = await TestApp.StartAsync();
        await app.ProblemAsync("publish", "{\"channel\":\"a\",\"data\":1," + fields + "}", 400, "bad_request");
        Assert.Empty((await app.Tidings.HistoryAsync("a")).Messages);
    }

    [Fact]
    public async Task A_hundred_connections_may_be_excepted_and_no_more()
    {
        await using var app = await TestApp.StartAsync();
        static string Except(int count) => string.Join(',', Enumerable.Range(0, count).Select(static i => $"\"c{i}\""));
        await app.OkAsync("publish", $$"""{"channel":"a","data":1,"except":[{{Except(100)}}]}""");
        await app.ProblemAsync("publish", $$"""{"channel":"a","data":1,"except":[{{Except(101)}}]}""", 400, "bad_request");
        await app.OkAsync("publish", $$"""{"channel":"a","data":1,"event":"{{new string('e', 200)}}"}""");
        await app.ProblemAsync("publish", $$"""{"channel":"a","data":1,"event":"{{new string('e', 201)}}"}""", 400, "bad_request");
    }

    [Fact]
    public async Task What_is_ephemeral_has_no_position()
    {
        await using var app = await TestApp.StartAsync();
        var answer = await app.OkAsync("publish", """{"channel":"a","data":1,"ephemeral":true}""");
        Assert.False(answer.TryGetProperty("offset", out _));
    }

    [Fact]
    public async Task Durability_that_cannot_be_given_is_refused()
    {
        await using var app = await TestApp.StartAsync();
        await app.ProblemAsync("publish", """{"channel":"a","data":1,"durable":true}""", 409, "not_durable");
        Assert.Empty((await app.Tidings.HistoryAsync("a")).Messages);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"data":1}""")]
    [InlineData("""{"channel":"a"}""")]
    [InlineData("""{"channel":"a","channels":["b"],"data":1}""")]
    [InlineData("""{"channels":[],"data":1}""")]
    [InlineData("""{"channels":["a",null],"data":1}""")]
    [InlineData("""{"channel":7,"data":1}""")]
    [InlineData("""{"channel":"a b","data":1}""")]
    [InlineData("""{"channel":"a*","data":1}""")]
    [InlineData("""{"channel":"__keyspace@0__:*","data":1}""")]
    [InlineData("""{"channel":"a\u0000","data":1}""")]
    [InlineData("""{"channel":"a\r\nb","data":1}""")]
    [InlineData("""{"channel":"{x}","data":1}""")]
    [InlineData("""{"channel":"e\u0301","data":1}""")]
    [InlineData("""{"channel":"","data":1}""")]
    [InlineData("""{"channel":"a","channel":"b","data":1}""")]
    [InlineData("""{"channel":"a","data":{"x":1,"x":2}}""")]
    [InlineData("""{"channel":"a","data":1,"key":""}""")]
    [InlineData("""{"channel":"a","data":1,"durable":"yes"}""")]
    [InlineData("""{"channel":"a","data":1,"durable":true,"ephemeral":true}""")]
    public async Task What_does_not_fit_is_refused_and_says_nothing_of_our_types(string body)
    {
        await using var app = await TestApp.StartAsync();
        var detail = await app.ProblemAsync("publish", body, 400, "bad_request");
        Assert.DoesNotContain("System.", detail, StringComparison.Ordinal);
        Assert.DoesNotContain("Tidings.", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_and_keys_have_a_length()
    {
        await using var app = await TestApp.StartAsync();
        await app.ProblemAsync("publish", $$"""{"channel":"{{new string('a', 10_000)}}","data":1}""", 400, "bad_request");
        await app.ProblemAsync("publish", $$"""{"channel":"a","data":1,"idempotencyKey":"{{new string('a', 10_000)}}"}""", 400, "bad_request");
    }

    [Theory]
    [InlineData(65)]
    [InlineData(100_000)]
    public async Task Deep_nesting_is_refused(int depth)
    {
        await using var app = await TestApp.StartAsync();
        await app.ProblemAsync("publish", $$"""{"channel":"a","data":{{new string('[', depth)}}{{new string(']', depth)}}}""", 400, "bad_request");
    }

    [Fact]
    public async Task A_body_over_the_hard_limit_is_refused()
    {
        await using var app = await TestApp.StartAsync(options: options => options.Limits.HardMessageBytes = 1000);
        await app.ProblemAsync("publish", $$"""{"channel":"a","data":"{{new string('a', 2000)}}"}""", 413, "too_large");
        await app.OkAsync("publish", """{"channel":"a","data":1}""");
    }
}
