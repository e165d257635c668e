using System.Net;
using TestKit;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Http;

public sealed class PollRules : HttpRules
{
    [Theory]
    [InlineData("/connect?wait=0&channel=chat:a")]
    [InlineData("/connect?wait=60&channel=chat:a")]
    [InlineData("/api/messages?channel=chat:a")]
    public async Task Without_a_position_it_answers_at_once_from_the_top(string url)
    {
        await using var server = await StartAsync(new ManualTime());
        await SayAsync(server, "chat:a", "1", "2");
        using var response = await GetAsync(server, url);
        var body = await response.Content.ReadAsStringAsync();
        Assert.StartsWith("{\"position\":\"", body, StringComparison.Ordinal);
        Assert.EndsWith("\",\"messages\":[],\"gaps\":[]}", body, StringComparison.Ordinal);
        Assert.Equal(["2"], DataOf(await PollAsync(server, "wait=0&channel=chat:a&last=1")));
    }

    [Fact]
    public async Task From_a_position_all_that_was_missed_comes_once_and_in_order()
    {
        await using var server = await StartAsync();
        var position = PositionOf(await PollAsync(server, "wait=0&channel=chat:a&channel=chat:b"));
        await SayAsync(server, "chat:a", "1", "2");
        await SayAsync(server, "chat:b", "3");
        var first = await PollAsync(server, $"channel=chat:a&channel=chat:b&since={position}");
        Assert.Equal(["1", "2", "3"], DataOf(first));
        Assert.Empty(DataOf(await PollAsync(server, $"channel=chat:a&channel=chat:b&since={PositionOf(first)}")));
        Assert.Equal(["1", "2", "3"], DataOf(await PollAsync(server, $"channel=chat:a&channel=chat:b&since={position}")));
    }

    [Fact]
    public async Task It_waits_for_the_first_that_is_said()
    {
        await using var server = await StartAsync(new ManualTime());
        var position = PositionOf(await PollAsync(server, "wait=0&channel=chat:a"));
        var waiting = PollAsync(server, $"channel=chat:a&wait=60&since={position}");
        await Eventually.EqualAsync(1, () => server.Registry.Count, "The number of connections");
        Assert.False(waiting.IsCompleted);
        await SayAsync(server, "chat:a", "1");
        Assert.Equal(["1"], DataOf(await waiting));
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task When_its_time_is_over_it_answers_that_there_was_nothing()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time);
        var position = PositionOf(await PollAsync(server, "wait=0&channel=chat:a"));
        var timers = time.ArmedTimers;
        var waiting = PollAsync(server, $"channel=chat:a&wait=7&since={position}");
        await Eventually.TrueAsync(() => time.ArmedTimers > timers, "the poll waits");
        time.Advance(TimeSpan.FromMilliseconds(6_999));
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        var nothing = await waiting;
        Assert.Empty(DataOf(nothing));
        Assert.Equal(position, PositionOf(nothing));
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task What_is_gone_is_a_gap_and_the_position_goes_on_behind_it()
    {
        await using var server = await StartAsync();
        var position = PositionOf(await PollAsync(server, "wait=0&channel=short:a&channel=chat:a"));
        await SayAsync(server, "short:a", "1", "2", "3");
        await SayAsync(server, "chat:a", "4");
        var poll = await PollAsync(server, $"channel=short:a&channel=chat:a&wait=60&since={position}");
        var gap = Assert.Single(poll.GetProperty("gaps").EnumerateArray());
        Assert.Equal((1, 3), (gap.GetProperty("from").GetInt32(), gap.GetProperty("to").GetInt32()));
        Assert.Equal(["4"], DataOf(poll));
        await SayAsync(server, "short:a", "5");
        Assert.Equal(["5"], DataOf(await PollAsync(server, $"channel=short:a&channel=chat:a&since={PositionOf(poll)}")));
    }

    [Fact]
    public async Task What_was_missed_and_is_more_than_may_wait_comes_in_several_answers()
    {
        const int Messages = 500;
        await using var server = await StartAsync(("Tidings:Limits:QueueBytes", "100KB"));
        var position = PositionOf(await PollAsync(server, "wait=0&channel=chat:a"));
        var filling = new string('x', 1000);
        await SayAsync(server, "chat:a", Enumerable.Range(0, Messages).Select(i => $"\"{i} {filling}\""));
        var heard = new List<string>();
        var polls = 0;
        while (heard.Count < Messages)
        {
            var poll = await PollAsync(server, $"channel=chat:a&since={position}");
            heard.AddRange(DataOf(poll));
            position = PositionOf(poll);
            Assert.True(++polls < 20);
        }

        Assert.Equal(Enumerable.Range(0, Messages).Select(i => $"\"{i} {filling}\""), heard);
        Assert.InRange(polls, 5, 15);
    }

    [Fact]
    public async Task What_is_said_in_passing_reaches_it_while_it_waits()
    {
        await using var server = await StartAsync(("Tidings:Send", "users"));
        var position = PositionOf(await PollAsync(server, "wait=0&channel=chat:a", "ann"));
        var waiting = PollAsync(server, $"channel=chat:a&wait=60&since={position}", "ann");
        await Eventually.EqualAsync(1, () => server.Registry.Count, "The number of connections");
        Assert.Equal("""{"type":"sent"}""", await CommandAsync(server, """{"type":"send","to":"ann","data":"psst"}""", "bob"));
        var poll = await waiting;
        Assert.Equal("""{"type":"direct","from":"bob","data":"psst"}""", poll.GetProperty("messages")[0].GetRawText());
        Assert.Equal(position, PositionOf(poll));
    }

    [Fact]
    public async Task A_channel_that_may_not_be_read_is_told_in_each_answer_and_waits_with_the_others()
    {
        await using var server = await StartAsync();
        var first = await PollAsync(server, "wait=0&channel=users:a&channel=chat:a");
        Assert.Equal("unsubscribed", first.GetProperty("messages")[0].GetProperty("type").GetString());
        var waiting = PollAsync(server, $"channel=users:a&channel=chat:a&wait=60&since={PositionOf(first)}");
        await Eventually.EqualAsync(1, () => server.Registry.Count, "The number of connections");
        Assert.False(waiting.IsCompleted);
        await SayAsync(server, "chat:a", "1");
        Assert.Equal("1", (await waiting).GetProperty("messages")[1].GetProperty("data").GetRawText());
    }

    [Fact]
    public async Task The_end_of_the_server_ends_the_waiting()
    {
        await using var server = await StartAsync();
        var position = PositionOf(await PollAsync(server, "wait=0&channel=chat:a"));
        var waiting = PollAsync(server, $"channel=chat:a&wait=60&since={position}");
        await Eventually.EqualAsync(1, () => server.Registry.Count, "The number of connections");
        await server.StopAsync();
        Assert.Equal(position, PositionOf(await waiting));
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task A_user_who_is_disconnected_while_a_poll_waits_gets_no_more_than_that()
    {
        await using var server = await StartAsync();
        var position = PositionOf(await PollAsync(server, "wait=0&channel=chat:a", "ann"));
        var waiting = GetAsync(server, $"/connect?channel=chat:a&wait=60&since={position}", "ann");
        await Eventually.EqualAsync(1, () => server.Services.Node.Directory.FindUser("ann").Count, "The number of the user's connections");
        await server.Services.Node.Facade.DisconnectAsync("ann");
        await ExpectProblemAsync(await waiting, 403, "not_allowed");
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task Whoever_goes_while_he_waits_is_forgotten()
    {
        await using var server = await StartAsync();
        var position = PositionOf(await PollAsync(server, "wait=0&channel=chat:a"));
        using var gone = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 20).Select(_ => server.Http.GetAsync($"/connect?channel=chat:a&wait=60&since={position}", gone.Token)).ToList();
        await Eventually.EqualAsync(20, () => server.Registry.Count, "The number of connections");
        await gone.CancelAsync();
        await Task.WhenAll(waiting.Select(poll => Assert.ThrowsAnyAsync<OperationCanceledException>(() => poll)));
        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }

    [Theory]
    [InlineData("wait=61")]
    [InlineData("wait=-1")]
    [InlineData("wait=1.5")]
    [InlineData("wait=")]
    [InlineData("wait=1&wait=2")]
    [InlineData("wait=0&last=-1")]
    [InlineData("wait=0&last=99999999999")]
    [InlineData("wait=0&presence=yes")]
    [InlineData("wait=0&channel=")]
    [InlineData("wait=0&channel=a%20b")]
    [InlineData("since=")]
    [InlineData("since=e:1")]
    [InlineData("since=W10&since=W10")]
    public async Task A_query_that_means_nothing_is_refused(string query)
    {
        await using var server = await StartAsync();
        await ExpectProblemAsync(await GetAsync(server, "/connect?" + query), 400, "bad_request");
        await ExpectProblemAsync(await EventStream.AskAsync(server.Http, "/api/events?" + query), 400, "bad_request");
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task Without_a_sign_of_what_is_wanted_the_answer_says_what_there_is()
    {
        await using var server = await StartAsync();
        using var response = await GetAsync(server, "/connect?channel=chat:a");
        Assert.Equal(HttpStatusCode.UpgradeRequired, response.StatusCode);
        Assert.Equal(3, (await response.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }
}
