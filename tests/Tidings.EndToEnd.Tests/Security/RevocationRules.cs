using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Messages;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Security;

/// <summary>What was revoked hears nothing more and does not come back, on any route and transport.</summary>
public abstract class RevocationRules(string pump) : ServerTests(pump)
{
    private readonly ManualTime _time = new();

    private TokenMaker Tokens => field ??= new TokenMaker(_time);

    [Theory]
    [InlineData("""{"user":"ann","revoke":true}""")]
    [InlineData("""{"tokenId":"t1","revoke":true}""")]
    public async Task Everything_that_the_token_let_in_ends_and_stays_out(string request)
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings);
        var token = Tokens.Make("ann", id: "t1");
        await using var connect = await server.ConnectAsync("/connect?token=" + token);
        await connect.ReceiveTextAsync();
        await using var room = await server.ConnectSettledAsync("/ws/lobby?ping=frame&token=" + token);
        await using var named = await server.ConnectSettledAsync("/ws/clients/ann?token=" + token);
        await using var other = await server.ConnectSettledAsync("/ws/lobby?token=" + Tokens.Make("bob", id: "t2"));
        using var stream = await StreamAsync(server, "/connect?token=" + token);
        var poll = server.Http.GetAsync("/connect?wait=60&since=" + await PositionAsync(server, token) + "&token=" + token);
        await Eventually.TrueAsync(async () => (await server.Registry.ListAsync(default)).Count == 6, static () => "Not all connections are open");

        Assert.Equal("""{"connections":5}""", await PostAsync(server, "/api/disconnect", request));
        await connect.ExpectCloseAsync(4010, "Disconnected by server");
        await room.ExpectCloseAsync(4010, "Disconnected by server");
        await named.ExpectCloseAsync(4010, "Disconnected by server");
        Assert.Contains("""{"type":"disconnecting","code":4010,"reason":"Disconnected by server","reconnect":false}""", await stream.ReadToEndAsync(), StringComparison.Ordinal);
        using (var polled = await poll)
        {
            Assert.Equal(403, (int)polled.StatusCode);
        }

        foreach (var path in new[] { "/connect", "/ws/lobby" })
        {
            await using var again = await server.ConnectAsync($"{path}?token={token}");
            await again.ExpectCloseAsync(4001, "Invalid token");
        }

        using var streamAgain = await server.Http.GetAsync("/api/events?token=" + token);
        Assert.Equal(401, (int)streamAgain.StatusCode);
        await other.SendTextAsync("still here");
        await other.ExpectTextAsync("[lobby] still here");
    }

    [Fact]
    public async Task A_token_made_after_the_users_revocation_is_good()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings);
        await PostAsync(server, "/api/disconnect", """{"user":"ann","revoke":true}""");
        await using var old = await server.ConnectAsync("/ws/lobby?token=" + Tokens.Make("ann"));
        await old.ExpectCloseAsync(4001, "Invalid token");
        _time.Advance(TimeSpan.FromSeconds(31));
        await using var renewed = await server.ConnectAsync("/ws/lobby?token=" + Tokens.Make("ann"));
        await renewed.SendTextAsync("in");
        await renewed.ExpectTextAsync("[lobby] in");
    }

    // Whoever makes tokens may be up to 30 s ahead: such a token may be older than the revocation, or newer.
    [Fact]
    public async Task A_token_made_within_the_clock_skew_is_told_to_come_back_on_every_transport()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, TokenMaker.Required);
        var ahead = Tokens.MakeAhead("ann", 30);
        var before = await server.ConnectAsync("/ws/lobby?ping=frame&token=" + ahead);
        await PostAsync(server, "/api/disconnect", """{"user":"ann","revoke":true}""");
        await before.ExpectCloseAsync(4010, "Disconnected by server");
        foreach (var path in new[] { "/connect", "/ws/lobby", "/ws/clients/ann" })
        {
            await using var socket = await server.ConnectAsync($"{path}?token={ahead}");
            await socket.ExpectCloseAsync(1013, "Unavailable");
        }

        await using var first = await server.ConnectAsync("/connect");
        await first.SendTextAsync($$"""{"type":"auth","token":"{{ahead}}"}""");
        await first.ExpectCloseAsync(1013, "Unavailable");
        foreach (var path in new[] { "/connect?wait=0", "/api/events", "/api/messages?channel=chat:a" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + ahead);
            using var response = await server.Http.SendAsync(request);
            Assert.Equal((503, true), ((int)response.StatusCode, response.Headers.RetryAfter is not null));
        }

        using var ticket = new HttpRequestMessage(HttpMethod.Post, "/api/tickets");
        ticket.Headers.TryAddWithoutValidation("Authorization", "Bearer " + ahead);
        using var answer = await server.Http.SendAsync(ticket);
        Assert.Equal((503, true), ((int)answer.StatusCode, answer.Headers.RetryAfter is not null));

        // It never becomes clear which of the two it is; a newer one is let in.
        _time.Advance(TimeSpan.FromSeconds(31));
        await using var same = await server.ConnectAsync("/ws/lobby?token=" + ahead);
        await same.ExpectCloseAsync(1013, "Unavailable");
        await using var renewed = await server.ConnectAsync("/ws/lobby?token=" + Tokens.Make("ann"));
        await renewed.SendTextAsync("in");
        await renewed.ExpectTextAsync("[lobby] in");
    }

    [Fact]
    public async Task A_token_without_iat_is_refused_until_those_that_were_revoked_have_ended()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings);
        var old = Tokens.MakeUndated("ann", seconds: 600);
        var unseen = Tokens.MakeUndated("ann", seconds: 300);
        await using var socket = await server.ConnectSettledAsync("/ws/lobby?ping=frame&token=" + old);
        await PostAsync(server, "/api/disconnect", """{"user":"ann","revoke":true}""");
        await socket.ExpectCloseAsync(4010, "Disconnected by server");
        await RefusedAsync(old);
        await RefusedAsync(unseen);
        _time.Advance(TimeSpan.FromSeconds(100));
        await RefusedAsync(Tokens.MakeUndated("ann", seconds: 500));

        // It ends later than any that was there: it is newer.
        await using (var newer = await server.ConnectAsync("/ws/lobby?token=" + Tokens.MakeUndated("ann", seconds: 501)))
        {
            await newer.SendTextAsync("in");
            await newer.ExpectTextAsync("[lobby] in");
        }

        async Task RefusedAsync(string token)
        {
            await using var refused = await server.ConnectAsync("/ws/lobby?token=" + token);
            await refused.ExpectCloseAsync(4001, "Invalid token");
        }
    }

    [Fact]
    public async Task Where_lifetimes_are_limited_a_token_without_iat_is_refused_until_none_can_be_left_that_was_there()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, ("Tidings:Jwt:MaxLifetime", "1h"), ("Tidings:Jwt:ClockSkew", "0"));
        await using var socket = await server.ConnectSettledAsync("/ws/lobby?ping=frame&token=" + Tokens.MakeUndated("ann", seconds: 60));
        await PostAsync(server, "/api/disconnect", """{"user":"ann","revoke":true}""");
        await socket.ExpectCloseAsync(4010, "Disconnected by server");
        _time.Advance(TimeSpan.FromSeconds(100));
        await using (var refused = await server.ConnectAsync("/ws/lobby?token=" + Tokens.MakeUndated("ann", seconds: 3500)))
        {
            await refused.ExpectCloseAsync(4001, "Invalid token");
        }

        await using var newer = await server.ConnectAsync("/ws/lobby?token=" + Tokens.MakeUndated("ann", seconds: 3501));
        await newer.SendTextAsync("in");
        await newer.ExpectTextAsync("[lobby] in");
        await using var dated = await server.ConnectAsync("/ws/lobby?token=" + Tokens.MakeAhead("ann", ahead: 0));
        await dated.SendTextAsync("in");
        await dated.ExpectTextAsync("[lobby] in");
    }

    [Fact]
    public async Task Where_no_token_without_iat_was_there_they_are_refused_for_a_day()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings);
        await PostAsync(server, "/api/disconnect", """{"user":"ann","revoke":true}""");
        await using (var refused = await server.ConnectAsync("/ws/lobby?token=" + Tokens.MakeUndated("ann", seconds: 86_400)))
        {
            await refused.ExpectCloseAsync(4001, "Invalid token");
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        await using var newer = await server.ConnectAsync("/ws/lobby?token=" + Tokens.MakeUndated("ann", seconds: 86_400));
        await newer.SendTextAsync("in");
        await newer.ExpectTextAsync("[lobby] in");
    }

    [Fact]
    public async Task A_ticket_of_a_revoked_token_is_worth_nothing()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings);
        var ticket = await server.TicketAsync(Tokens.Make("ann"));
        await PostAsync(server, "/api/disconnect", """{"user":"ann","revoke":true}""");
        await using var socket = await server.ConnectAsync("/ws/lobby?ticket=" + ticket);
        await socket.ExpectCloseAsync(4001, "Invalid token");
    }

    // B27: with a full send queue nothing of it is sent any more.
    [Fact]
    public async Task B27_what_waits_for_a_revoked_connection_is_dropped()
    {
        await using var server = await StartAsync(TokenMaker.Settings, ("Tidings:Limits:QueueBytes", "64MB"));
        var tokens = new TokenMaker(TimeProvider.System);
        await using var socket = await server.ConnectAsync("/connect?token=" + tokens.Make("ann"), new RawOptions { ReceiveBuffer = 4096 });
        await socket.ReceiveTextAsync();
        var large = $"\"{new string('x', 60_000)}\"";
        for (var i = 0; i < 200; i++)
        {
            await server.Services.Node.ServerActions.PublishAsync("user:ann", new MessageData(DataKind.Json, System.Text.Encoding.UTF8.GetBytes(large)), null, default);
        }

        await Eventually.TrueAsync(() => server.QueuedBytes > 1_000_000, "the queue is long");
        var queued = server.QueuedBytes;
        await PostAsync(server, "/api/disconnect", """{"user":"ann","revoke":true}""");
        var received = 0L;
        while (await socket.ReceiveAsync() is { } frame && frame.Opcode != RawFrame.CloseOpcode)
        {
            received += frame.Payload.Length;
        }

        Assert.True(received < 12_000_000 - (queued / 2), $"{received} bytes came of 12 MB, of which {queued} were queued when the connection was revoked");
    }

    [Theory]
    [InlineData("/connect")]
    [InlineData("/api/events")]
    public async Task B27_streams_end_with_their_token(string path)
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, ("Tidings:Heartbeat:Interval", "0"));
        using var stream = await StreamAsync(server, $"{path}?token={Tokens.Make("ann", seconds: 10)}");
        await ExpectLineAsync(stream, "\"type\":\"connected\"");
        _time.Advance(TimeSpan.FromSeconds(6));
        await ExpectLineAsync(stream, "\"type\":\"token_expiring\"");
        _time.Advance(TimeSpan.FromSeconds(5));
        await ExpectLineAsync(stream, "\"type\":\"disconnecting\",\"code\":4002");
        await stream.ReadToEndAsync();
    }

    [Fact]
    public async Task A_stream_opened_by_ticket_can_be_come_back_to_with_its_cookie_alone()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, TokenMaker.Required);
        var url = "/api/events?ticket=" + await server.TicketAsync(Tokens.Make("ann"));
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        using var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(200, (int)response.StatusCode);
        var cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("path=/api/events", cookie, StringComparison.OrdinalIgnoreCase);

        using var stranger = await server.Http.GetAsync(url);
        Assert.Equal(401, (int)stranger.StatusCode);
        using var again = new HttpRequestMessage(HttpMethod.Get, url);
        again.Headers.Add("Cookie", cookie.Split(';')[0]);
        using var second = await server.Http.SendAsync(again, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(200, (int)second.StatusCode);
        using var otherTicket = new HttpRequestMessage(HttpMethod.Get, "/api/events?ticket=" + new string('A', 43));
        otherTicket.Headers.Add("Cookie", cookie.Split(';')[0]);
        using var third = await server.Http.SendAsync(otherTicket, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(401, (int)third.StatusCode);
    }

    private static async Task<StreamReader> StreamAsync(TestServer server, string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new("text/event-stream"));
        var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        return new StreamReader(await response.Content.ReadAsStreamAsync());
    }

    private static async Task ExpectLineAsync(StreamReader stream, string part)
    {
        while (await stream.ReadLineAsync() is { } line)
        {
            if (line.Contains(part, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail("The stream ended without " + part);
    }

    private static async Task<string> PositionAsync(TestServer server, string token)
    {
        var text = await server.Http.GetStringAsync("/api/messages?token=" + token);
        return System.Text.Json.JsonElement.Parse(text).GetProperty("position").GetString()!;
    }

    private static async Task<string> PostAsync(TestServer server, string path, string json)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Json.Content(json) };
        request.Headers.Authorization = new("Bearer", server.Services.AdminKey);
        using var response = await server.Http.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }
}
