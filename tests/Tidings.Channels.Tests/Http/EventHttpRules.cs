namespace Tidings.Channels.Tests.Http;

/// <summary>Names of events and messages that are not for all, where streams and requests carry them.</summary>
public sealed class EventHttpRules : HttpRules
{
    [Fact]
    public async Task Streams_and_polls_bear_the_name_of_an_event()
    {
        await using var server = await StartAsync();
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?channel=chat:a");
        await stream.ExpectAsync("connected");
        var start = (await PollAsync(server, "channel=chat:a&wait=0")).GetProperty("position").GetString();
        await CommandAsync(server, """{"type":"publish","channel":"chat:a","data":1,"event":"paid"}""");
        Assert.Equal("paid", (await stream.ExpectAsync("message")).GetProperty("event").GetString());
        var poll = await PollAsync(server, $"channel=chat:a&wait=0&since={start}");
        Assert.Equal("paid", poll.GetProperty("messages")[0].GetProperty("event").GetString());
    }

    [Theory]
    [InlineData("ann", "ann", true)]
    [InlineData("ann", "bob", false)]
    [InlineData("ann", null, false)]
    [InlineData(null, "bob", false)]
    [InlineData(null, null, true)]
    public async Task A_request_that_names_its_own_stream_is_not_heard_there(string? listener, string? speaker, bool isOwn)
    {
        await using var server = await StartAsync();
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?channel=chat:a", user: listener);
        var id = (await stream.ExpectAsync("connected")).GetProperty("connection").GetString();
        await SayAsync(server, id!, speaker, """[{"type":"publish","channel":"chat:a","data":1,"except":true},{"type":"publish","channel":"chat:a","data":2,"except":true,"ephemeral":true},{"type":"publish","channel":"chat:a","data":3}]""");
        if (!isOwn)
        {
            await stream.ExpectMessageAsync("1");
            await stream.ExpectMessageAsync("2");
        }

        await stream.ExpectMessageAsync("3");
    }

    [Fact]
    public async Task A_stream_that_comes_back_recovers_what_it_was_excepted_from()
    {
        await using var server = await StartAsync();
        string position;
        await using (var stream = await EventStream.OpenAsync(server.Http, "/connect?channel=chat:a"))
        {
            var id = (await stream.ExpectAsync("connected")).GetProperty("connection").GetString();
            await SayAsync(server, id!, null, """[{"type":"publish","channel":"chat:a","data":0},{"type":"publish","channel":"chat:a","data":1,"except":true}]""");
            await stream.ExpectMessageAsync("0");
            position = stream.LastId;
        }

        await using var later = await EventStream.OpenAsync(server.Http, "/connect?channel=chat:a", position);
        await later.ExpectAsync("connected");
        await later.ExpectMessageAsync("1");
    }

    [Fact]
    public async Task Who_published_is_the_stream_that_a_request_names_if_it_is_its_own()
    {
        await using var server = await StartAsync(("Tidings:Channels:0:Publisher", "true"));
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?channel=chat:a", user: "ann");
        var id = (await stream.ExpectAsync("connected")).GetProperty("connection").GetString();
        await SayAsync(server, id!, "ann", """{"type":"publish","channel":"chat:a","data":1}""");
        await SayAsync(server, id!, "bob", """{"type":"publish","channel":"chat:a","data":2}""");
        await CommandAsync(server, """{"type":"publish","channel":"chat:a","data":3}""", "ann");
        Assert.Equal(id, (await stream.ExpectMessageAsync("1")).GetProperty("connection").GetString());
        Assert.False((await stream.ExpectMessageAsync("2")).TryGetProperty("connection", out _));
        Assert.False((await stream.ExpectMessageAsync("3")).TryGetProperty("connection", out _));
    }

    private static async Task SayAsync(EndToEnd.Tests.Infrastructure.TestServer server, string stream, string? user, string json)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/connect?connection={stream}") { Content = new StringContent(json, null, "application/json") };
        if (user is not null)
        {
            request.Headers.Add(TestUser.Header, user);
        }

        using var response = await server.Http.SendAsync(request);
        Assert.DoesNotContain("error", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        response.EnsureSuccessStatusCode();
    }
}
