using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.EndToEnd.Tests.Security;
using Tidings.Protocol;
using Tidings.Security.Tokens;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Centrifuge;

public sealed class LanePumpCentrifugeOpeningRules() : CentrifugeOpeningRules(Pump.Lanes);

public sealed class StreamPumpCentrifugeOpeningRules() : CentrifugeOpeningRules(Pump.Streams);

/// <summary>How sessions of the Centrifuge protocol begin, whose they are, and how they end.</summary>
public abstract class CentrifugeOpeningRules(string pump) : ServerTests(pump)
{
    private static readonly (string, string?)[] On = [("Tidings:Centrifuge:Enabled", "true"), ("Tidings:Centrifuge:Secret", CentrifugeClient.Secret), ("Tidings:Heartbeat:Interval", "25s")];

    [Fact]
    public async Task It_begins_with_connect_and_carries_out_the_other_lines_after_it()
    {
        await using var server = await StartAsync(On);
        await using var client = await CentrifugeClient.OpenAsync(server);
        await client.SendAsync("""
            {"connect":{"name":"js","version":"1.2"},"id":1}
            {"subscribe":{"channel":"chat:a","flag":1},"id":2}

            {"publish":{"channel":"chat:a","data":{"hi":1}},"id":3}
            """);
        Assert.Equal(
            """{"id":1,"connect":{"client":"~","version":"0.1.0","subs":{"all":{"recoverable":true,"positioned":true,"epoch":"~"}},"ping":25,"pong":true}}""",
            CentrifugeClient.Plain(await client.ReceiveAsync()));
        Assert.Equal("""{"id":2,"subscribe":{"recoverable":true,"positioned":true,"epoch":"~"}}""", CentrifugeClient.Plain(await client.ReceiveAsync()));
        string[] last = [await client.Socket.ReceiveTextAsync(), await client.Socket.ReceiveTextAsync()];
        Assert.Contains("""{"id":3,"publish":{}}""", last);
        Assert.Contains("""{"push":{"channel":"chat:a","pub":{"data":{"hi":1},"offset":1}}}""", last);
        await client.DisposeAsync();
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task It_asks_for_signs_of_life_and_ends_without_them()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, [.. On, ("Tidings:Demo", "false")]);
        await using var client = new CentrifugeClient(await server.ConnectAsync("/connection/websocket"));
        await client.AskAsync("connect", "{}");
        time.Advance(TimeSpan.FromSeconds(25));
        await client.ExpectAsync("{}");
        await client.Socket.ExpectPingAsync();
        await client.SendAsync("{}");
        await client.ExpectErrorAsync("rpc", """{"method":"x"}""", 104);
        time.Advance(TimeSpan.FromSeconds(25));
        await client.ExpectAsync("{}");
        await client.Socket.ExpectPingAsync();
        time.Advance(TimeSpan.FromSeconds(25));
        await client.Socket.ExpectCloseInTheEndAsync(3012, "no pong");
    }

    [Fact]
    public async Task A_token_without_a_user_ends_as_others_do()
    {
        var time = new ManualTime();
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        await using var server = await StartAsync(time, [.. On, ("Tidings:Heartbeat:Interval", "0")]);
        await using var nobody = await CentrifugeClient.ConnectAsync(server, CentrifugeClient.Token(new { exp = now + 100, channels = new[] { "news" } }));
        time.Advance(TimeSpan.FromSeconds(99));
        await nobody.ExpectErrorAsync("rpc", """{"method":"x"}""", 104);
        time.Advance(TimeSpan.FromSeconds(2));
        await nobody.Socket.ExpectCloseInTheEndAsync(3005, "connection expired");
        await nobody.DisposeAsync();
        await server.ExpectIdleAsync();
    }

    [Theory]
    [InlineData("""{"subscribe":{"channel":"chat:a"},"id":1}""")]
    [InlineData("{}")]
    [InlineData("""{"connect":{}}""")]
    [InlineData("""{"connect":{},"id":0}""")]
    [InlineData("""{"connect":{"token":7},"id":1}""")]
    [InlineData("""{"connect":{"subs":[]},"id":1}""")]
    [InlineData("""{"connect":7,"id":1}""")]
    [InlineData("""{"ping":{},"id":1}""")]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("{\"connect\":{},\"id\":1}\n{\"connect\":{},\"id\":2}")]
    [InlineData("{\"connect\":{},\"id\":1}\n{\"ping\":{},\"id\":2}")]
    [InlineData("{\"connect\":{},\"id\":1}\n{\"id\":2}")]
    [InlineData("{\"connect\":{},\"id\":1}\n{\"id\":-2,\"rpc\":{}}")]
    [InlineData("{\"connect\":{},\"id\":1}\n{\"rpc\":{}}")]
    [InlineData("{\"connect\":{},\"id\":1}\nnonsense")]
    public async Task What_is_no_command_or_comes_before_connect_or_twice_ends_it(string lines)
    {
        await using var server = await StartAsync(On);
        await using var client = await CentrifugeClient.OpenAsync(server);
        await client.SendAsync(lines);
        await client.Socket.ExpectCloseInTheEndAsync(3501, "bad request");
        await client.DisposeAsync();
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task Who_says_nothing_is_stale_after_five_seconds()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, On);
        await using var client = new CentrifugeClient(await server.ConnectSettledAsync(CentrifugeClient.Path));
        time.Advance(TimeSpan.FromSeconds(5));
        await client.Socket.ExpectCloseAsync(3502, "stale");
    }

    [Fact]
    public async Task A_token_of_the_shared_secret_says_who_comes_for_how_long_and_to_which_channels()
    {
        var time = new ManualTime();
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        await using var server = await StartAsync(time, [.. On, ("Tidings:RequireAuthentication", "true"), ("Tidings:Heartbeat:Interval", "0")]);
        await using var ann = await CentrifugeClient.OpenAsync(server);
        var reply = (await ann.AskAsync("connect", $$"""{"token":"{{CentrifugeClient.Token(new { sub = "ann", exp = now + 600, channels = new[] { "news" } })}}"}""")).GetProperty("connect");
        Assert.True(reply.GetProperty("expires").GetBoolean());
        Assert.Equal(540, reply.GetProperty("ttl").GetInt32());
        Assert.Equal(["all", "user:ann", "news"], reply.GetProperty("subs").EnumerateObject().Select(static sub => sub.Name));
        await server.Services.Node.Facade.SendToUserAsync("ann", new { a = 1 }, TestContext.Current.CancellationToken);
        await ann.ExpectAsync("""{"push":{"message":{"data":{"a":1}}}}""");
        var renewed = (await ann.AskAsync("refresh", $$"""{"token":"{{CentrifugeClient.Token(new { sub = "ann", exp = now + 100 })}}"}""")).GetProperty("refresh");
        Assert.Equal(50, renewed.GetProperty("ttl").GetInt32());
        await ann.ExpectErrorAsync("refresh", $$"""{"token":"{{CentrifugeClient.Token(new { sub = "bob" })}}"}""", 101);
        await ann.ExpectErrorAsync("refresh", """{"token":""}""", 107);
        await using var expired = await CentrifugeClient.ConnectAsync(server, CentrifugeClient.Token(new { sub = "cid" }));
        await expired.SendAsync($$$"""{"refresh":{"token":"{{{CentrifugeClient.Token(new { sub = "cid", exp = now })}}}"},"id":2}""");
        await expired.Socket.ExpectCloseAsync(3005, "connection expired");
        time.Advance(TimeSpan.FromSeconds(101));
        var closing = ann.Socket.ExpectCloseInTheEndAsync(3005, "connection expired");
        await Eventually.TrueAsync(
            () =>
            {
                // What came due before the end may set the timer of the end only now, on another thread.
                time.Advance(TimeSpan.Zero);
                return closing.IsCompleted;
            },
            "it has ended");
        await closing;

        await using var late = await CentrifugeClient.OpenAsync(server);
        await late.ExpectErrorAsync("connect", $$"""{"token":"{{CentrifugeClient.Token(new { sub = "ann", exp = now })}}"}""", 109);
        await late.SendAsync("""{"subscribe":{"channel":"chat:a"},"id":2}""");
        await late.Socket.ExpectCloseAsync(3501, "bad request");

        await using var nobody = await CentrifugeClient.OpenAsync(server);
        await nobody.SendAsync("""{"connect":{},"id":1}""");
        await nobody.Socket.ExpectCloseAsync(3501, "bad request");

        await using var never = await CentrifugeClient.OpenAsync(server);
        Assert.False((await never.AskAsync("connect", $$"""{"token":"{{CentrifugeClient.Token(new { sub = "ann", exp = now + 600, expire_at = 0 })}}"}""")).GetProperty("connect").TryGetProperty("ttl", out _));
    }

    [Fact]
    public async Task A_token_that_does_not_hold_ends_it_for_good()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, On);
        foreach (var token in new[]
        {
            "x", "a.b.c", CentrifugeClient.Token(new { sub = "ann" }, "another-secret-of-the-tests"), CentrifugeClient.Token(new { sub = "ann", channel = "news" }), CentrifugeClient.Token(new { sub = 7 }),
            CentrifugeClient.Token(new { sub = "~ann" }), CentrifugeClient.Token(new { sub = "ann", exp = "soon" }), CentrifugeClient.Token(new { sub = "ann", channels = "news" }),
            CentrifugeClient.Token("""{"sub":"ann","sub":"bob"}"""), CentrifugeClient.Token(new { sub = "ann", nbf = time.GetUtcNow().ToUnixTimeSeconds() + 60 }), CentrifugeClient.Token(new { sub = "ann", b64info = "&" }),
        })
        {
            await using var client = await CentrifugeClient.OpenAsync(server);
            await client.SendAsync($$"""{"connect":{"token":"{{token}}"},"id":1}""");
            await client.Socket.ExpectCloseAsync(3500, "invalid token");
        }
    }

    [Fact]
    public async Task The_server_s_own_tokens_are_taken_as_well()
    {
        var time = new ManualTime();
        var tokens = new TokenMaker(time);
        await using var server = await StartAsync(time, [("Tidings:Centrifuge:Enabled", "true"), ("Tidings:Jwt:Secret", TokenMaker.Secret)]);
        await using var ann = await CentrifugeClient.OpenAsync(server);
        Assert.Contains("user:ann", (await ann.AskAsync("connect", $$"""{"token":"{{tokens.Make("ann", channels: ("orders:*", TokenActions.Subscribe))}}"}""")).GetRawText(), StringComparison.Ordinal);
        await ann.SubscribeAsync("orders:1");
        await ann.ExpectErrorAsync("subscribe", """{"channel":"other"}""", 103);
        await using var late = await CentrifugeClient.OpenAsync(server);
        await late.ExpectErrorAsync("connect", $$"""{"token":"{{tokens.Make("ann", -1)}}"}""", 109);
    }

    [Fact]
    public async Task A_drain_and_the_server_s_own_wish_end_it_in_its_numbers()
    {
        await using var server = await StartAsync([.. On, ("Tidings:Drain", "1s")]);
        await using var first = await CentrifugeClient.ConnectAsync(server);
        await server.Services.Node.Facade.DisconnectAsync(first.Id, cancellationToken: TestContext.Current.CancellationToken);
        await first.Socket.ExpectCloseAsync(3503, "force disconnect");
        await using var second = await CentrifugeClient.ConnectAsync(server);
        var closing = server.Registry.CloseAllAsync(DisconnectCode.Draining, TestContext.Current.CancellationToken);
        await second.Socket.ExpectCloseInTheEndAsync(3001, "shutdown");
        await second.DisposeAsync();
        await closing;
    }

    [Fact]
    public async Task The_routes_are_absent_where_nobody_wants_them()
    {
        await using var without = await StartAsync();
        Assert.Equal(404, (await without.HandshakeAsync("/connection/websocket")).Status);
    }
}
