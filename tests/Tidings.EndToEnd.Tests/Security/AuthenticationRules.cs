using System.Text.Json;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Security.Tokens;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Security;

/// <summary>The ways of saying who one is, and how long that holds, on the server's own routes.</summary>
public abstract partial class AuthenticationRules(string pump) : ServerTests(pump)
{
    private readonly ManualTime _time = new();

    private TokenMaker Tokens => field ??= new TokenMaker(_time);

    public static TheoryData<string> Ways => ["header", "subprotocol", "query", "ticket", "cookie", "message"];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Each_way_lets_its_user_in(string way)
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, TokenMaker.Required);
        await using var socket = await ConnectAsync(server, "/connect", way, Tokens.Make("ann"));
        await ExpectAcceptedAsync(socket, way);
        var connected = await ExpectTypeAsync(socket, "connected");
        Assert.Equal("ann", connected.GetProperty("user").GetString());
        Assert.Equal(["all", "user:ann"], connected.GetProperty("subscriptions").EnumerateArray().Select(static item => item.GetProperty("channel").GetString()));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Each_way_lets_its_user_into_a_room(string way)
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, TokenMaker.Required);
        await using var socket = await ConnectAsync(server, "/ws/lobby", way, Tokens.Make("ann"));
        await ExpectAcceptedAsync(socket, way);
        await socket.SendTextAsync("hello");
        await socket.ExpectTextAsync("[lobby] hello");
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_token_that_is_not_accepted_is_told_by_the_close_code(string way)
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, TokenMaker.Required);
        foreach (var path in new[] { "/connect", "/ws/lobby", "/ws", "/ws/clients/ann" })
        {
            var bad = Tokens.Make("ann", seconds: -1);
            if (way == "ticket")
            {
                await using var refused = await server.ConnectAsync(path + "?ticket=" + new string('A', 43));
                await refused.ExpectCloseAsync(4001, "Invalid token");
                continue;
            }

            await using var socket = await ConnectAsync(server, path, way, bad);
            await socket.ExpectCloseAsync(4001, way == "message" ? "Auth failed" : "Invalid token");
        }
    }

    [Fact]
    public async Task A_bad_token_is_refused_also_where_nobody_needs_one()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings);
        await using var bad = await server.ConnectAsync("/ws/lobby?token=x.y.z");
        await bad.ExpectCloseAsync(4001, "Invalid token");
        await using var twice = await server.ConnectAsync($"/ws/lobby?token={Tokens.Make("ann")}&token={Tokens.Make("bob")}");
        await twice.ExpectCloseAsync(4001, "Invalid token");
        await using var none = await server.ConnectAsync("/ws/lobby");
        await none.SendTextAsync("anonymous");
        await none.ExpectTextAsync("[lobby] anonymous");
    }

    [Fact]
    public async Task Without_a_first_message_for_5_s_it_is_over()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, TokenMaker.Required);
        await using var socket = await server.ConnectAsync("/ws/lobby");
        await socket.SendTextAsync("""{"type":"ping"}""");
        await socket.ExpectTextAsync("""{"type":"pong"}""");
        _time.Advance(TimeSpan.FromMilliseconds(4_900));
        await socket.SendTextAsync("""{"type":"ping"}""");
        await socket.ExpectTextAsync("""{"type":"pong"}""");
        _time.Advance(TimeSpan.FromMilliseconds(200));
        await socket.ExpectCloseAsync(4000, "Auth timeout");
        await socket.DisposeAsync();
        await server.ExpectIdleAsync();
    }

    [Theory]
    [InlineData("/ws/lobby", "hello")]
    [InlineData("/ws/lobby", """{"type":"auth"}""")]
    [InlineData("/ws/lobby", """{"type":"auth","token":7}""")]
    [InlineData("/ws/lobby", """{"type":"auth","token":"a","token":"b"}""")]
    [InlineData("/connect", """{"type":"subscribe","channel":"chat:a"}""")]
    [InlineData("/connect", """{"type":"auth","token":"a"}""")]
    public async Task Another_first_message_is_the_last(string path, string message)
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, TokenMaker.Required);
        await using var socket = await server.ConnectAsync(path);
        await socket.SendTextAsync(message);
        await socket.ExpectCloseAsync(4001, "Auth failed");
    }

    [Fact]
    public async Task Who_has_not_said_who_he_is_hears_nothing_and_is_no_member()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, TokenMaker.Required);
        await using var waiting = await server.ConnectAsync("/ws/lobby");
        await using var member = await ConnectAsync(server, "/ws/lobby", "query", Tokens.Make("bob"));
        await member.SendTextAsync("secret");
        await member.ExpectTextAsync("[lobby] secret");
        await waiting.SendTextAsync($$"""{"type":"auth","token":"{{Tokens.Make("ann")}}"}""");
        await waiting.ExpectTextAsync("""{"type":"auth_success","user":"ann"}""");
        await member.SendTextAsync("welcome");
        await waiting.ExpectTextAsync("[lobby] welcome");
    }

    [Fact]
    public async Task Auth_and_subscriptions_may_be_sent_at_once()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, TokenMaker.Required);
        await using var socket = await server.ConnectAsync("/connect");
        await socket.SendTogetherAsync(
            RawFrame.OfText($$"""{"type":"auth","id":1,"token":"{{Tokens.Make("ann")}}"}"""),
            RawFrame.OfText("""{"type":"subscribe","id":2,"channel":"chat:a"}"""),
            RawFrame.OfText("""{"type":"publish","id":3,"channel":"chat:a","data":"x"}"""));
        await socket.ExpectTextAsync("""{"type":"auth_success","id":1,"user":"ann"}""");
        await ExpectTypeAsync(socket, "connected");
        Assert.Equal(2, (await ExpectTypeAsync(socket, "subscribed")).GetProperty("id").GetInt32());
        var said = await ExpectEitherAsync(socket, "message");
        Assert.Equal("ann", said.GetProperty("from").GetString());
    }

    [Fact]
    public async Task Somebody_anonymous_becomes_a_user_by_auth()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, ("Tidings:Channels:0:Pattern", "team:*"), ("Tidings:Channels:0:Subscribe", "users"));
        await using var socket = await server.ConnectAsync("/connect");
        Assert.Equal(JsonValueKind.Null, (await ExpectTypeAsync(socket, "connected")).GetProperty("user").ValueKind);
        await socket.SendTextAsync("""{"type":"subscribe","channel":"team:a"}""");
        Assert.Equal("not_allowed", (await ExpectTypeAsync(socket, "error")).GetProperty("code").GetString());
        await socket.SendTextAsync($$"""{"type":"auth","token":"{{Tokens.Make("ann")}}"}""");
        await ExpectTypeAsync(socket, "auth_success");
        Assert.Equal("user:ann", (await ExpectTypeAsync(socket, "subscribed")).GetProperty("channel").GetString());
        await socket.SendTextAsync("""{"type":"subscribe","channel":"team:a"}""");
        await ExpectTypeAsync(socket, "subscribed");
        await socket.SendTextAsync($$"""{"type":"auth","id":9,"token":"{{Tokens.Make("bob")}}"}""");
        var refused = await ExpectTypeAsync(socket, "error");
        Assert.Equal("unauthorized", refused.GetProperty("code").GetString());
        Assert.Equal("Invalid token", refused.GetProperty("error").GetString());
    }

    [Theory]
    [InlineData("/ws/lobby")]
    [InlineData("/connect")]
    public async Task A_token_is_announced_to_end_and_ends_in_4002(string path)
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, ("Tidings:Heartbeat:Interval", "0"));
        await using var socket = await ConnectAsync(server, path, "query", Tokens.Make("ann", seconds: 200));
        await SettleAsync(socket, path);
        _time.Advance(TimeSpan.FromSeconds(139));
        await SettleAsync(socket, path);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.InRange((await ExpectTypeAsync(socket, "token_expiring")).GetProperty("in").GetInt32(), 59, 60);
        _time.Advance(TimeSpan.FromSeconds(60));
        await socket.ExpectCloseAsync(4002, "Token expired");
    }

    [Theory]
    [InlineData("/ws/lobby")]
    [InlineData("/connect")]
    public async Task Renewed_it_goes_on(string path)
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, ("Tidings:Heartbeat:Interval", "0"));
        await using var socket = await ConnectAsync(server, path, "query", Tokens.Make("ann", seconds: 20));
        await SettleAsync(socket, path);
        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.InRange((await ExpectTypeAsync(socket, "token_expiring")).GetProperty("in").GetInt32(), 9, 10);
        await socket.SendTextAsync($$"""{"type":"auth","token":"{{Tokens.Make("ann", seconds: 40)}}"}""");
        await ExpectTypeAsync(socket, "auth_success");
        _time.Advance(TimeSpan.FromSeconds(19));
        await SettleAsync(socket, path);
        _time.Advance(TimeSpan.FromSeconds(2));
        await ExpectTypeAsync(socket, "token_expiring");
        _time.Advance(TimeSpan.FromSeconds(20));
        await socket.ExpectCloseAsync(4002, "Token expired");
    }

    [Fact]
    public async Task A_renewed_token_that_grants_less_ends_what_it_no_longer_grants()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings);
        await using var socket = await ConnectAsync(server, "/connect", "query", Tokens.Make("ann", 60, null, ("chat:*", TokenActions.Subscribe), ("news:a", TokenActions.Subscribe)));
        await ExpectTypeAsync(socket, "connected");
        foreach (var channel in new[] { "chat:a", "news:a" })
        {
            await socket.SendTextAsync($$"""{"type":"subscribe","channel":"{{channel}}"}""");
            await ExpectTypeAsync(socket, "subscribed");
        }

        await socket.SendTextAsync($$"""{"type":"auth","token":"{{Tokens.Make("ann", 60, null, ("chat:*", TokenActions.Subscribe))}}"}""");
        await ExpectTypeAsync(socket, "auth_success");
        var ended = await ExpectTypeAsync(socket, "unsubscribed");
        Assert.Equal("news:a", ended.GetProperty("channel").GetString());
        Assert.Equal("not_allowed", ended.GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("subscribe", "chat:a", "subscribed")]
    [InlineData("subscribe", "chat:a:b", "subscribed")]
    [InlineData("subscribe", "news:a", "error")]
    [InlineData("history", "chat:a", "history")]
    [InlineData("history", "news:a", "error")]
    [InlineData("publish", "chat:a", "error")]
    [InlineData("publish", "news:a", "published")]
    [InlineData("subscribe", "user:bob", "error")]
    [InlineData("subscribe", "user:ann", "error")]
    [InlineData("history", "user:ann", "history")]
    [InlineData("subscribe", "other", "error")]
    public async Task A_token_that_speaks_of_channels_grants_just_that(string command, string channel, string answer)
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings);
        var token = Tokens.Make("ann", 60, null, ("chat:*", TokenActions.Subscribe | TokenActions.History), ("news:{x}", TokenActions.Publish), ("user:*", TokenActions.Subscribe));
        await using var socket = await ConnectAsync(server, "/connect", "header", token);
        await ExpectTypeAsync(socket, "connected");
        await socket.SendTextAsync($$"""{"type":"{{command}}","channel":"{{channel}}","data":1}""");
        await ExpectTypeAsync(socket, answer);
    }

    [Fact]
    public async Task Rooms_ask_the_token_too()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings);
        await using var listener = await ConnectAsync(server, "/ws/lobby", "query", Tokens.Make("ann", 60, null, ("room:lobby", TokenActions.Subscribe)));
        await listener.SendTextAsync("hello");
        await listener.ExpectTextAsync("""{"error":"Not allowed"}""");
        await using var other = await ConnectAsync(server, "/ws/kitchen", "query", Tokens.Make("ann", 60, null, ("room:lobby", TokenActions.Subscribe)));
        await other.ExpectCloseAsync(4003, "Forbidden");
    }

    [Fact]
    public async Task Names_of_clients_are_those_of_their_users()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, TokenMaker.Required);
        await using var own = await ConnectAsync(server, "/ws/clients/ann:tab2", "message", Tokens.Make("ann"));
        await ExpectAcceptedAsync(own, "message");
        await own.SendTextAsync("""{"type":"broadcast","message":1}""");
        await own.ExpectTextAsync("""{"from":"ann:tab2","message":1}""");
        await using var foreign = await server.ConnectAsync("/ws/clients/bob");
        await foreign.SendTextAsync($$"""{"type":"auth","token":"{{Tokens.Make("ann")}}"}""");
        await foreign.ExpectCloseInTheEndAsync(4003, "Forbidden");
    }

    [Fact]
    public async Task A_name_becomes_its_users_when_the_token_comes_later()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, ("Tidings:Clients:Duplicates", "join"));
        await using var nobody = await server.ConnectAsync("/ws/clients/ann?ping=frame");
        await using var ann = await server.ConnectAsync("/ws/clients/ann?ping=frame");
        await ann.SendTextAsync($$"""{"type":"auth","token":"{{Tokens.Make("ann")}}"}""");
        await nobody.ExpectCloseAsync(4009, "Replaced");
        await ExpectAcceptedAsync(ann, "message");
        await using var mallory = await server.ConnectAsync("/ws/clients/ann?ping=frame");
        await mallory.ExpectCloseAsync(1008, "Name taken");
        await ann.SendTextAsync("""{"type":"personal","to":"ann","message":1}""");
        await ann.ExpectTextAsync("""{"from":"ann","message":1}""");
        await using var tab = await ConnectAsync(server, "/ws/clients/ann", "query", Tokens.Make("ann"));
        await tab.SendTextAsync("""{"type":"personal","to":"ann","message":2}""");
        await ann.ExpectTextAsync("""{"from":"ann","message":2}""");
    }

    [Fact]
    public async Task A_ticket_is_good_once_and_for_half_a_minute()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, TokenMaker.Required);
        var ticket = await server.TicketAsync(Tokens.Make("ann"));
        await using var first = await server.ConnectAsync("/ws/lobby?ticket=" + ticket);
        await first.SendTextAsync("in");
        await first.ExpectTextAsync("[lobby] in");
        await using var second = await server.ConnectAsync("/ws/lobby?ticket=" + ticket);
        await second.ExpectCloseAsync(4001, "Invalid token");
        var late = await server.TicketAsync(Tokens.Make("ann"));
        _time.Advance(TimeSpan.FromSeconds(31));
        await using var third = await server.ConnectAsync("/ws/lobby?ticket=" + late);
        await third.ExpectCloseAsync(4001, "Invalid token");
    }

    [Fact]
    public async Task Those_who_have_still_to_say_who_they_are_are_few()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, TokenMaker.Required, ("Tidings:Limits:UnauthenticatedConnections", "2"));
        await using var first = await server.ConnectAsync("/ws/lobby");
        await using var second = await server.ConnectAsync("/connect");
        var refused = await server.HandshakeAsync("/ws/lobby");
        Assert.Equal(503, refused.Status);
        Assert.NotNull(refused.Header("Retry-After"));
        await using var known = await ConnectAsync(server, "/ws/lobby", "query", Tokens.Make("ann"));
        await first.SendTextAsync($$"""{"type":"auth","token":"{{Tokens.Make("bob")}}"}""");
        await first.ExpectTextAsync("""{"type":"auth_success","user":"bob"}""");
        await using var third = await server.ConnectAsync("/ws/lobby");
        await second.DisposeAsync();
        await Eventually.TrueAsync(async () => (await server.HandshakeAsync("/ws/lobby")).Status == 101, static () => "there is no room again");
    }

    [Fact]
    public async Task A_user_has_so_many_connections_however_he_says_who_he_is()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, TokenMaker.Required, ("Tidings:Limits:ConnectionsPerUser", "2"));
        await using var first = await ConnectAsync(server, "/ws/lobby", "query", Tokens.Make("ann"));
        await using var second = await ConnectAsync(server, "/ws/lobby", "message", Tokens.Make("ann"));
        await ExpectAcceptedAsync(second, "message");
        foreach (var way in new[] { "query", "message" })
        {
            await using var third = await ConnectAsync(server, "/connect", way, Tokens.Make("ann"));
            await third.ExpectCloseAsync(1008, "Too many connections");
        }

        using var stream = await server.Http.GetAsync("/api/events?token=" + Tokens.Make("ann"), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(429, (int)stream.StatusCode);
        await using var other = await ConnectAsync(server, "/ws/lobby", "query", Tokens.Make("bob"));
        await first.DisposeAsync();
        await Eventually.TrueAsync(async () => (await server.HandshakeAsync("/ws/lobby?token=" + Tokens.Make("ann"))).Status == 101, static () => "there is no room again");
    }
}
