namespace Tidings.Channels.Tests.Http.BadInput;

/// <summary>Positions that nobody was given, as the session ids of SignalR CVE-2026-56170. A position is no state of the server's: it opens nothing and keeps nothing.</summary>
public sealed class B39_ForeignPositions : HttpRules
{
    [Theory]
    [InlineData("""[["chat:a","e",-1]]""")]
    [InlineData("""[["chat:a","e",9007199254740992]]""")]
    [InlineData("""[["chat:a","e",1e400]]""")]
    [InlineData("""[["chat:a","e",1.5]]""")]
    [InlineData("""[["chat:a","e","1"]]""")]
    [InlineData("""[["chat:a","e"]]""")]
    [InlineData("""[["chat:a","e",1,2]]""")]
    [InlineData("""[["chat:a","e",1],["chat:a","e",2]]""")]
    [InlineData("""[["not a name","e",1]]""")]
    [InlineData("""[["chat:a","",1]]""")]
    [InlineData("""[["chat:a","\ud800",1]]""")]
    [InlineData("""[["chat:a",null,1]]""")]
    [InlineData("""{"chat:a":1}""")]
    [InlineData("""[[["chat:a","e",1]]]""")]
    [InlineData("""[["chat:a","e",1]""")]
    [InlineData("""[["chat:a","e",1]]]""")]
    [InlineData("")]
    public async Task What_is_no_position_is_400(string json)
    {
        await using var server = await StartAsync();
        var url = "/connect?channel=chat:a&since=" + EventStreamRules.Encode(json);
        await ExpectProblemAsync(await GetAsync(server, url), 400, "bad_request");
        await ExpectProblemAsync(await EventStream.AskAsync(server.Http, url), 400, "bad_request");
    }

    [Theory]
    [InlineData(2049)]
    [InlineData(7000)]
    public async Task One_that_is_too_long_is_400(int length)
    {
        await using var server = await StartAsync();
        await ExpectProblemAsync(await GetAsync(server, "/connect?since=" + new string('A', length)), 400, "bad_request");
        await ExpectProblemAsync(await EventStream.AskAsync(server.Http, "/connect", new string('A', length)), 400, "bad_request");
    }

    [Fact]
    public async Task Channels_that_were_not_asked_for_and_may_not_be_read_are_not_opened_by_a_position()
    {
        await using var server = await StartAsync();
        await SayAsync(server, "users:a", "\"secret\"");
        await SayAsync(server, "user:ann", "\"secret\"");
        var since = EventStreamRules.Encode("""[["users:a","e",0],["user:ann","e",0],["chat:a","e",0]]""");
        var poll = await PollAsync(server, $"channel=chat:a&since={since}");
        Assert.DoesNotContain("secret", poll.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("users:a", EventStreamRules.Decode(PositionOf(poll)), StringComparison.Ordinal);
        await ExpectProblemAsync(await GetAsync(server, $"/connect?channel=users:a&since={since}"), 401, "unauthorized");
    }

    [Fact]
    public async Task One_that_the_log_has_never_reached_is_told_as_a_gap_and_the_reader_goes_on()
    {
        await using var server = await StartAsync();
        await SayAsync(server, "chat:a", "1");
        var own = EventStreamRules.Decode(PositionOf(await PollAsync(server, "wait=0&channel=chat:a")));
        var ahead = EventStreamRules.Encode(own.Replace(",1]", ",9007199254740991]", StringComparison.Ordinal));
        var poll = await PollAsync(server, $"channel=chat:a&wait=60&since={ahead}");
        Assert.Equal(1, poll.GetProperty("gaps").GetArrayLength());
        Assert.Equal(own, EventStreamRules.Decode(PositionOf(poll)));
    }

    [Fact]
    public async Task Too_many_channels_or_names_that_are_too_long_together_are_400()
    {
        await using var server = await StartAsync();
        var many = string.Join('&', Enumerable.Range(0, 17).Select(i => $"channel=chat:{i}"));
        var lengthy = string.Join('&', Enumerable.Range(0, 8).Select(i => $"channel=chat:{i}{new string('x', 200)}"));
        foreach (var query in new[] { many, lengthy })
        {
            await ExpectProblemAsync(await GetAsync(server, "/connect?wait=0&" + query), 400, "bad_request");
            await ExpectProblemAsync(await EventStream.AskAsync(server.Http, "/connect?" + query), 400, "bad_request");
        }

        // The longest that fit: what the server then says is a position that it takes back.
        var most = string.Join('&', Enumerable.Range(10, 16).Select(i => $"channel=chat:{i}{new string('x', 25)}"));
        var position = PositionOf(await PollAsync(server, "wait=0&" + most));
        Assert.InRange(position.Length, 1000, 2048);
        Assert.Equal(position, PositionOf(await PollAsync(server, $"wait=0&{most}&since={position}")));
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task Who_comes_and_goes_without_end_leaves_nothing()
    {
        await using var server = await StartAsync();
        for (var i = 0; i < 2_000; i++)
        {
            await PollAsync(server, $"wait=0&channel=private:{i}");
        }

        await server.ExpectIdleAsync();
        Assert.Equal(0, server.Services.Node.Directory.Count);
    }
}
