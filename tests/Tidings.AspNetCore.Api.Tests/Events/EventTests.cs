using Tidings.Testing;

namespace Tidings.AspNetCore.Api.Tests.Events;

/// <summary>What a back end is told of connections, channels, members and messages.</summary>
public sealed class EventTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_visit_is_told_from_its_beginning_to_its_end()
    {
        await using var receiver = await EventBackEnd.StartAsync();
        await using var app = await StartAsync(receiver, static options => options.Channels.Add("chat:*"));
        var anna = await app.ConnectAsync("anna");
        await anna.SubscribeAsync("chat:a");
        await anna.AskAsync("""{"type":"publish","channel":"chat:a","event":"said","data":{"n":1}}""", "published");
        await receiver.ExpectAsync("connection.opened anna", "channel.occupied chat:a", "member.joined chat:a anna", "message.published chat:a anna");
        await anna.DisposeAsync();
        await receiver.ExpectAsync("connection.opened anna", "channel.occupied chat:a", "member.joined chat:a anna", "message.published chat:a anna", "connection.closed anna");
        _time.Advance(TimeSpan.FromSeconds(3));
        await Eventually.EqualAsync(7, () => receiver.Taken.Count, "events");
        Assert.Equal(["channel.vacated chat:a", "member.left chat:a anna"], receiver.Lines.Skip(5).Order());

        var events = receiver.Taken.ToList();
        Assert.Equal(events.Count, events.Select(static one => one.GetProperty("id").GetString()).Distinct().Count());
        Assert.All(events, one => Assert.Equal(_time.GetUtcNow().ToUnixTimeMilliseconds(), one.GetProperty("time").GetInt64(), 3001d));
        Assert.Equal((anna.Id, "websocket"), (events[0].GetProperty("connection").GetString(), events[0].GetProperty("data").GetProperty("transport").GetString()));
        Assert.Equal(anna.Id, events[4].GetProperty("connection").GetString());
        Assert.Equal(1006, events[4].GetProperty("data").GetProperty("code").GetInt32());
        var message = events[3].GetProperty("data");
        Assert.Equal((1, "said", 1), (message.GetProperty("offset").GetInt32(), message.GetProperty("event").GetString(), message.GetProperty("data").GetProperty("n").GetInt32()));
    }

    [Fact]
    public async Task A_short_absence_is_told_of_the_connection_alone()
    {
        await using var receiver = await EventBackEnd.StartAsync();
        await using var app = await StartAsync(receiver);
        var first = await app.ConnectAsync("anna");
        await first.SubscribeAsync("chat:a");
        await receiver.ExpectAsync("connection.opened anna", "channel.occupied chat:a", "member.joined chat:a anna");
        await first.DisposeAsync();
        await Eventually.EqualAsync(4, () => receiver.Taken.Count, "events");
        _time.Advance(TimeSpan.FromSeconds(2.9));
        await using var second = await app.ConnectAsync("anna");
        await second.SubscribeAsync("chat:a");
        await Eventually.EqualAsync(5, () => receiver.Taken.Count, "events");
        _time.Advance(TimeSpan.FromSeconds(9));
        await app.Tidings.PublishAsync("chat:a", 1);
        await receiver.ExpectAsync("connection.opened anna", "channel.occupied chat:a", "member.joined chat:a anna", "connection.closed anna", "connection.opened anna");
    }

    [Fact]
    public async Task What_is_shown_of_a_member_is_told_also_where_it_falls_back_to_what_another_tab_has_said()
    {
        await using var receiver = await EventBackEnd.StartAsync();
        await using var app = await StartAsync(receiver, static options => options.Types.Add("member.updated"), static options => options.Channels[0].PresenceInfo = true);
        await using var anna = await app.ConnectAsync("anna");
        await anna.AskAsync("""{"type":"subscribe","channel":"chat:a","info":{"tab":1}}""", "subscribed");
        var second = await app.ConnectAsync("anna");
        await second.AskAsync("""{"type":"subscribe","channel":"chat:a","info":{"tab":2}}""", "subscribed");
        await ExpectAsync("2");
        await second.AskAsync("""{"type":"track","channel":"chat:a","info":{"tab":3}}""", "tracked");
        await ExpectAsync("2 3");
        await second.DisposeAsync();
        await ExpectAsync("2 3 1");

        Task ExpectAsync(string tabs) => Eventually.EqualAsync(
            tabs, () => string.Join(' ', receiver.Taken.Select(static one => one.GetProperty("data").GetProperty("info").GetProperty("tab").GetInt32())), "what was shown");
    }

    [Fact]
    public async Task The_servers_own_channels_and_those_that_are_not_named_are_not_told()
    {
        await using var receiver = await EventBackEnd.StartAsync();
        await using var named = await EventBackEnd.StartAsync();
        await using var app = await StartAsync(receiver, configure: options => named.Register(options, static more =>
        {
            more.Channels.Add("user:*");
            more.Types.Add("channel.occupied");
        }));
        await using var anna = await app.ConnectAsync("anna");
        await anna.SubscribeAsync("news");
        await receiver.ExpectAsync("connection.opened anna", "channel.occupied news");
        await named.ExpectAsync("channel.occupied user:anna");
    }

    [Fact]
    public async Task Streams_clients_by_name_and_the_anonymous_are_told_and_polls_and_posts_are_not()
    {
        await using var receiver = await EventBackEnd.StartAsync();
        await using var app = await StartAsync(receiver, static options => options.Types.Add("connection.opened"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connect?channel=news&as=streams") { Headers = { { "Accept", "text/event-stream" } } };
        using var stream = await app.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await Eventually.EqualAsync("connection.opened streams", () => string.Join(", ", receiver.Lines), "what was told");
        Assert.Equal("sse", receiver.Taken.Last().GetProperty("data").GetProperty("transport").GetString());
        await app.Http.GetStringAsync("/connect?channel=news&wait=0&as=polls");
        await app.OkAsync("publish", """{"channel":"news","data":1}""");
        await using var client = await ChannelClient.ConnectAsync(app.Url.Port, "/ws/clients/bob");
        await Eventually.EqualAsync(2, () => receiver.Taken.Count, "events");
        var named = receiver.Taken.Last();
        Assert.Equal("bob", named.GetProperty("data").GetProperty("client").GetString());
        Assert.Matches("^[0-9a-f]{16}-[0-9]+$", named.GetProperty("connection").GetString());
        Assert.False(named.TryGetProperty("user", out _));
        await using var nobody = await app.ConnectAsync();
        await Eventually.EqualAsync(3, () => receiver.Taken.Count, "events");
        Assert.Equal(nobody.Id, receiver.Taken.Last().GetProperty("connection").GetString());
    }

    [Fact]
    public async Task A_connection_that_is_refused_is_not_told()
    {
        await using var receiver = await EventBackEnd.StartAsync();
        await using var app = await StartAsync(receiver, configure: static options => options.Limits.ConnectionsPerUser = 1);
        await using var first = await app.ConnectAsync("anna");
        await using var second = await ChannelClient.ConnectAsync(app.Url.Port, "/connect?as=anna");
        await second.Socket.ExpectCloseAsync(1008);
        await using var bob = await app.ConnectAsync("bob");
        await receiver.ExpectAsync("connection.opened anna", "connection.opened bob");
    }

    [Fact]
    public async Task What_ends_with_the_server_is_told_before_it_ends()
    {
        await using var receiver = await EventBackEnd.StartAsync();
        var app = await StartAsync(receiver);
        await using var anna = await app.ConnectAsync("anna");
        await anna.SubscribeAsync("chat:a");
        await Eventually.EqualAsync(3, () => receiver.Taken.Count, "events");
        await Task.WhenAll(app.DisposeAsync().AsTask(), anna.Socket.ExpectCloseAsync(1001));
        Assert.Equal(["channel.vacated chat:a", "connection.closed anna", "member.left chat:a anna"], receiver.Lines.Skip(3).Order());
        Assert.Contains(receiver.Taken, static one => one.TryGetProperty("data", out var data) && data.TryGetProperty("code", out var code) && code.GetInt32() == 1001);
    }

    [Fact]
    public async Task Where_nobody_is_told_nothing_is_noted()
    {
        await using var app = await TestApp.StartAsync(time: _time);
        await using var anna = await app.ConnectAsync("anna");
        await anna.SubscribeAsync("chat:a");
        var events = app.Services.GetRequiredService<Engine.Node>().Events;
        Assert.Null(events.Store);
        Assert.Null(events.Recorder.Take());
    }

    [Fact]
    public async Task Nothing_of_the_urls_query_is_logged()
    {
        await using var receiver = await EventBackEnd.StartAsync();
        receiver.Answer = static (_, _) => Task.FromResult<int?>(500);
        await using var app = await StartAsync(receiver);
        await using var anna = await app.ConnectAsync("anna");
        await Eventually.TrueAsync(() => app.Log.Any(static line => line.Contains("/events does not take events: status 500", StringComparison.Ordinal)), "a warning");
        Assert.DoesNotContain(app.Log, static line => line.Contains("token=secret", StringComparison.Ordinal));
    }

    private Task<TestApp> StartAsync(EventBackEnd receiver, Action<EventReceiverOptions>? more = null, Action<TidingsOptions>? configure = null) => TestApp.StartAsync(
        options: options =>
        {
            options.Heartbeat.Interval = TimeSpan.Zero;
            options.Channels.Add(new ChannelOptions { Pattern = "chat:*", Publish = ChannelAccess.Anyone, Presence = true });
            receiver.Register(options, more);
            configure?.Invoke(options);
        },
        time: _time);
}
