using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;
using TestKit;
using Tidings.Channels.Tests.Http;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.EndToEnd.Tests.Security;
using Tidings.Security.Tokens;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Rules;

/// <summary>Subscriptions by a token of their own, on every transport.</summary>
public abstract class SubscriptionTokenRules(string pump) : ServerTests(pump)
{
    private readonly ManualTime _time = new();

    private TokenMaker Tokens => field ??= new TokenMaker(_time);

    [Fact]
    public async Task It_opens_a_closed_channel_to_its_user_and_says_when_it_ends()
    {
        await using var server = await StartClosedAsync();
        await using var ann = await ConnectAsync(server, "ann");
        await ann.ExpectErrorAsync("""{"type":"subscribe","channel":"orders:1"}""", "not_allowed", "Not allowed");
        var answer = await ann.AskAsync(Subscribe("orders:1", Tokens.MakeSubscription("ann", "orders:1", 120)));
        Assert.Equal(("subscribed", "120"), (ChannelClient.Text(answer, "type"), ChannelClient.Text(answer, "expires")));
        await server.Services.Node.Facade.PublishAsync("orders:1", 1);
        Assert.Equal("message", ChannelClient.Text(await ann.ReceiveJsonAsync(), "type"));
        Assert.Equal("history", ChannelClient.Text(await ann.AskAsync("""{"type":"history","channel":"orders:1"}"""), "type"));
        await ann.ExpectErrorAsync("""{"type":"history","channel":"orders:2"}""", "not_allowed", "Not allowed");
        await ann.ExpectErrorAsync("""{"type":"publish","channel":"orders:1","data":1}""", "not_allowed", "Not allowed");
    }

    [Fact]
    public async Task It_ends_by_itself_and_goes_on_where_a_newer_one_comes_before()
    {
        await using var server = await StartClosedAsync();
        await using var ann = await ConnectAsync(server, "ann");
        await ann.AskAsync(Subscribe("orders:1", Tokens.MakeSubscription("ann", "orders:1", 60)));
        await ann.AskAsync(Subscribe("orders:2", Tokens.MakeSubscription("ann", "orders:2", 60)));
        _time.Advance(TimeSpan.FromSeconds(50));
        await ann.Socket.SendTextAsync($$"""{"type":"subscribe","id":7,"channel":"orders:1","token":"{{Tokens.MakeSubscription("ann", "orders:1", 60)}}"}""");
        await ann.ExpectAsync("""{"type":"subscribed","id":7,"channel":"orders:1","renewed":true,"expires":60}""");
        _time.Advance(TimeSpan.FromSeconds(11));
        await ann.ExpectAsync("""{"type":"unsubscribed","channel":"orders:2","code":"expired","reason":"Token expired"}""");
        await server.Services.Node.Facade.PublishAsync("orders:1", 1);
        await server.Services.Node.Facade.PublishAsync("orders:2", 1);
        Assert.Equal("orders:1", ChannelClient.Text(await ann.ReceiveJsonAsync(), "channel"));
        await ann.ExpectNothingAsync();
        _time.Advance(TimeSpan.FromSeconds(50));
        await ann.ExpectAsync("""{"type":"unsubscribed","channel":"orders:1","code":"expired","reason":"Token expired"}""");
        await ann.ExpectErrorAsync("""{"type":"history","channel":"orders:1"}""", "not_allowed", "Not allowed");
        await ann.Socket.DisposeAsync();
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task It_is_another_s_or_for_another_channel_or_no_such_token_and_is_refused()
    {
        await using var server = await StartClosedAsync();
        await using var ann = await ConnectAsync(server, "ann");
        foreach (var token in new[]
        {
            Tokens.MakeSubscription("bob", "orders:1"), Tokens.MakeSubscription("ann", "orders:2"), Tokens.MakeSubscription("ann", "orders:*"), Tokens.MakeSubscription("ann", "orders:1", -1),
            Tokens.Make("ann"), Tokens.Make("ann", channels: ("orders:*", TokenActions.Subscribe)), "x.y.z", new TokenMaker(_time, "another secret of the tests, 32 bytes").MakeSubscription("ann", "orders:1"),
        })
        {
            await ann.ExpectErrorAsync(Subscribe("orders:1", token), "unauthorized", "Invalid token");
        }

        await using var nobody = await ChannelClient.ConnectAsync(server);
        await nobody.ExpectErrorAsync(Subscribe("orders:1", Tokens.MakeSubscription("ann", "orders:1")), "unauthorized", "Invalid token");
        await ann.ExpectErrorAsync(Subscribe("user:bob", Tokens.MakeSubscription("ann", "user:bob")), "not_allowed", "Not allowed");
        Assert.Equal("subscribed", ChannelClient.Text(await ann.AskAsync(Subscribe("orders:1", Tokens.MakeSubscription("ann", "orders:1"))), "type"));
    }

    [Theory]
    [InlineData("/connect")]
    [InlineData("/ws/lobby")]
    [InlineData("/ws/clients/ann")]
    public async Task It_is_never_a_connection_s(string path)
    {
        await using var server = await StartClosedAsync();
        var token = Tokens.MakeSubscription("ann", "orders:1");
        await using var socket = await server.ConnectAsync($"{path}?token={token}");
        await socket.ExpectCloseAsync(4001, "Invalid token");
        foreach (var http in new[] { "/connect?wait=0", "/api/messages", "/api/events" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, http);
            request.Headers.Authorization = new("Bearer", token);
            using var response = await server.Http.SendAsync(request);
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        }

        using var ticket = new HttpRequestMessage(HttpMethod.Post, "/api/tickets");
        ticket.Headers.Authorization = new("Bearer", token);
        using var refused = await server.Http.SendAsync(ticket);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task A_subscription_of_one_s_own_right_takes_no_token_and_that_of_a_token_no_other()
    {
        await using var server = await StartClosedAsync();
        await using var ann = await ConnectAsync(server, "ann");
        await ann.SubscribeAsync("open:1");
        await ann.ExpectErrorAsync(Subscribe("open:1", Tokens.MakeSubscription("ann", "open:1")), "conflict", "Already subscribed");
        await ann.AskAsync(Subscribe("orders:1", Tokens.MakeSubscription("ann", "orders:1")));
        await ann.ExpectErrorAsync("""{"type":"subscribe","channel":"orders:1"}""", "conflict", "Already subscribed");
        await ann.ExpectErrorAsync(Subscribe("orders:1", Tokens.MakeSubscription("bob", "orders:1")), "unauthorized", "Invalid token");
        await server.Services.Node.Facade.PublishAsync("orders:1", 1);
        Assert.Equal("message", ChannelClient.Text(await ann.ReceiveJsonAsync(), "type"));
    }

    [Fact]
    public async Task Of_several_channels_each_has_its_own()
    {
        await using var server = await StartClosedAsync();
        await using var ann = await ConnectAsync(server, "ann");
        var token = Tokens.MakeSubscription("ann", "orders:1");
        await ann.Socket.SendTextAsync($$"""{"type":"subscribe","channels":[{"channel":"orders:1","token":"{{token}}"},{"channel":"orders:2","token":"{{token}}"},{"channel":"open:1"}]}""");
        Assert.Equal("subscribed", ChannelClient.Text(await ann.ReceiveJsonAsync(), "type"));
        Assert.Equal("unauthorized", ChannelClient.Text(await ann.ReceiveJsonAsync(), "code"));
        Assert.Equal("subscribed", ChannelClient.Text(await ann.ReceiveJsonAsync(), "type"));
        await ann.ExpectErrorAsync($$"""{"type":"subscribe","token":"{{token}}","channels":[{"channel":"orders:1"}]}""", "bad_request", "Invalid message format");
    }

    [Fact]
    public async Task What_was_missed_is_had_again_with_it()
    {
        await using var server = await StartClosedAsync();
        await using var ann = await ConnectAsync(server, "ann");
        var first = await ann.AskAsync(Subscribe("orders:1", Tokens.MakeSubscription("ann", "orders:1", 30)));
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal("unsubscribed", ChannelClient.Text(await ann.ReceiveJsonAsync(), "type"));
        await server.Services.Node.Facade.PublishAsync("orders:1", "missed");
        var again = await ann.AskAsync(
            $$"""{"type":"subscribe","channel":"orders:1","since":{"epoch":"{{ChannelClient.Text(first, "epoch")}}","offset":0},"token":"{{Tokens.MakeSubscription("ann", "orders:1", 30)}}"}""");
        Assert.Equal("True", ChannelClient.Text(again, "recovered"));
        Assert.Equal("missed", ChannelClient.Text(await ann.ReceiveJsonAsync(), "data"));
    }

    [Fact]
    public async Task One_that_was_revoked_ends_and_is_refused()
    {
        await using var server = await StartClosedAsync();
        await using var ann = await ConnectAsync(server, "ann");
        await ann.AskAsync(Subscribe("orders:1", Tokens.MakeSubscription("ann", "orders:1", id: "t1")));
        await ann.AskAsync(Subscribe("orders:2", Tokens.MakeSubscription("ann", "orders:2", id: "t2")));
        await server.Services.Node.Disconnecting.TokenAsync("t1", Protocol.DisconnectCode.DisconnectedByServer, revoke: true);
        _time.Advance(TimeSpan.FromMilliseconds(200));
        await ann.ExpectAsync("""{"type":"unsubscribed","channel":"orders:1","code":"not_allowed","reason":"Token revoked"}""");
        await server.Services.Node.Facade.PublishAsync("orders:1", 1);
        await server.Services.Node.Facade.PublishAsync("orders:2", 2);
        Assert.Equal("orders:2", ChannelClient.Text(await ann.ReceiveJsonAsync(), "channel"));
        await ann.ExpectErrorAsync(Subscribe("orders:1", Tokens.MakeSubscription("ann", "orders:1", id: "t1")), "unauthorized", "Invalid token");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_and_a_poll_show_it_in_a_header_or_the_query(bool inHeader)
    {
        await using var server = await StartClosedAsync();
        await server.Services.Node.Facade.PublishAsync("orders:1", "said");
        var token = Tokens.MakeSubscription("ann", "orders:1", 60);
        using var poll = await AskAsync("/api/messages?channel=orders:1&last=10", token);
        var answer = JsonDocument.Parse(await poll.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(("said", 60), (answer.GetProperty("messages")[0].GetProperty("data").GetString(), answer.GetProperty("expires").GetProperty("orders:1").GetInt32()));
        var position = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(answer.GetProperty("position").GetString()));
        Assert.EndsWith(",1]]", position, StringComparison.Ordinal);
        using var other = await AskAsync("/api/messages?channel=orders:2", token, "orders:2");
        Assert.Equal(HttpStatusCode.Unauthorized, other.StatusCode);
        using var none = await server.Http.GetAsync($"/api/messages?channel=orders:1&token={Tokens.Make("ann")}");
        Assert.Equal(HttpStatusCode.Forbidden, none.StatusCode);
        using var broken = await server.Http.GetAsync($"/api/messages?channel=orders:1&channelToken={token}&token={Tokens.Make("ann")}");
        Assert.Equal(HttpStatusCode.BadRequest, broken.StatusCode);
        if (!inHeader)
        {
            await using var stream = await EventStream.OpenAsync(server.Http, $"/api/events?channel=orders:1&channelToken=orders:1={token}&token={Tokens.Make("ann")}");
            Assert.Equal("60", (await stream.ExpectAsync("connected")).GetProperty("subscriptions")[0].GetProperty("expires").ToString());
            _time.Advance(TimeSpan.FromSeconds(61));
            Assert.Equal("expired", (await stream.ExpectAsync("unsubscribed")).GetProperty("code").GetString());
        }

        Task<HttpResponseMessage> AskAsync(string path, string shown, string channel = "orders:1")
        {
            var request = new HttpRequestMessage(HttpMethod.Get, inHeader ? path : $"{path}&channelToken={channel}={shown}");
            request.Headers.Authorization = new("Bearer", Tokens.Make("ann"));
            if (inHeader)
            {
                request.Headers.Add("Tidings-Channel-Token", $"{channel}={shown}");
            }

            return server.Http.SendAsync(request);
        }
    }

    private Task<TestServer> StartClosedAsync() => StartAsync(
        _time, TokenMaker.Settings, ("Tidings:Heartbeat:Interval", "0"), ("Tidings:UnmatchedChannels", "closed"), ("Tidings:Channels:0:Pattern", "open:*"), ("Tidings:Channels:1:Pattern", "orders:*"), ("Tidings:Channels:1:Subscribe", "server"));

    private Task<ChannelClient> ConnectAsync(TestServer server, string user) => ChannelClient.ConnectAsync(server, new RawOptions { Headers = [("Authorization", "Bearer " + Tokens.Make(user))] });

    private static string Subscribe(string channel, string token) => $$"""{"type":"subscribe","channel":"{{channel}}","token":"{{token}}"}""";
}
