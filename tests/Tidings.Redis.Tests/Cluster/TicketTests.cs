using System.Text.Json;
using TestKit;
using Tidings.Redis.Tests.World;
using Tidings.Security.Identities;
using Tidings.Security.Tokens;

namespace Tidings.Redis.Tests.Cluster;

/// <summary>A ticket is good once, on whichever node, and nothing secret of it is in Redis.</summary>
public sealed class TicketTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    [Fact]
    public async Task A_ticket_of_one_node_is_good_on_another_exactly_once()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        for (var i = 0; i < 5; i++)
        {
            var ticket = await TicketAsync(one, "bob");
            var sockets = await Task.WhenAll(Enumerable.Range(0, 6).Select(n => (n % 2 == 0 ? one : two).ConnectAsync("/connect?ping=frame&ticket=" + ticket)));
            var firsts = await Task.WhenAll(sockets.Select(static socket => socket.ReceiveAsync()));
            Assert.Single(firsts, static frame => frame.Opcode == RawFrame.TextOpcode && frame.Text.Contains("\"user\":\"bob\"", StringComparison.Ordinal));
            Assert.Equal(5, firsts.Count(static frame => frame.Opcode == RawFrame.CloseOpcode && RawWebSocket.CodeOf(frame) == 4001));
        }
    }

    [Fact]
    public async Task B50_one_token_takes_no_ticket_and_no_stream_of_another_on_whatever_node()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        var (ann, bob) = (new Identity { User = "ann" }, new Identity { User = "bob" });
        var others = await one.Services.Node.Tickets.IssueAsync(bob);
        var pass = await one.Services.Node.Tickets.IssuePassAsync("bobs", bob);
        var issued = new List<string>();
        for (var i = 0; i < Tickets.Share + 5; i++)
        {
            issued.Add(await (i % 2 == 0 ? one : two).Services.Node.Tickets.IssueAsync(ann));
            Assert.NotNull(await (i % 2 == 0 ? one : two).Services.Node.Tickets.IssuePassAsync($"anns{i}", ann));
        }

        // The oldest have gone; of those of one millisecond it may be any.
        var oldest = new List<string?>();
        foreach (var ticket in issued.Take(10))
        {
            oldest.Add((await two.Services.Node.Tickets.RedeemAsync(ticket))?.User);
        }

        Assert.Equal((5, 5), (oldest.Count(static user => user is null), oldest.Count(static user => user == "ann")));
        Assert.Null(oldest[0]);
        Assert.NotNull(oldest[^1]);
        Assert.Equal("ann", (await one.Services.Node.Tickets.RedeemAsync(issued[^1]))!.User);
        Assert.Equal("bob", (await two.Services.Node.Tickets.RedeemAsync(others))!.User);
        Assert.Equal("bob", (await two.Services.Node.Tickets.ShowPassAsync("bobs", pass!))!.User);
    }

    [Fact]
    public async Task It_stands_for_all_that_the_token_says_and_no_more()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        var token = new TokenWriter(TokenKey.FromSecret(TokenAlgorithm.HS256, ClusterNode.Secret)).Write(new TokenClaims
        {
            Subject = "bob",
            TokenId = "t9",
            IssuedAt = TimeProvider.System.GetUtcNow().AddSeconds(-1),
            ExpiresAt = TimeProvider.System.GetUtcNow().AddMinutes(1),
            Permissions = new TokenPermissions([new TokenPermission("only:*", TokenActions.Subscribe)]),
            Send = true,
        });
        var socket = await two.ConnectAsync("/connect?ping=frame&ticket=" + await TicketOfAsync(one, token));
        await socket.ReceiveTextAsync();
        await socket.SendTextAsync("""{"type":"subscribe","channel":"chat:a"}""");
        await socket.ExpectTextAsync("""{"type":"error","code":"not_allowed","error":"Not allowed"}""");
        await socket.SendTextAsync("""{"type":"subscribe","channel":"only:a"}""");
        Assert.StartsWith("""{"type":"subscribed","channel":"only:a",""", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
        await socket.SendTextAsync("""{"type":"send","to":"nobody","data":1}""");
        await socket.ExpectTextAsync("""{"type":"sent"}""");
        Assert.Equal("""{"connections":1}""", await one.DoAsync("/api/disconnect", """{"tokenId":"t9"}"""));
        await socket.ExpectCloseAsync(4010);
    }

    [Fact]
    public async Task The_stream_that_it_opened_goes_on_at_another_node()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        var ticket = await TicketAsync(one, "bob");
        using var first = await OpenAsync(one, ticket, cookie: null);
        Assert.Equal(200, (int)first.StatusCode);
        var cookie = first.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        first.Dispose();
        using var again = await OpenAsync(two, ticket, cookie);
        Assert.Equal(200, (int)again.StatusCode);
        using var without = await OpenAsync(two, ticket, cookie: null);
        Assert.Equal(401, (int)without.StatusCode);
        using var forged = await OpenAsync(two, ticket, cookie[..^1] + (cookie[^1] == 'A' ? 'E' : 'A'));
        Assert.Equal(401, (int)forged.StatusCode);
    }

    [Fact]
    public async Task No_token_ticket_or_cookie_is_seen_in_Redis()
    {
        await using var own = await RedisServer.StartAsync();
        using var monitor = await RedisMonitor.StartAsync(own.Port);
        await using var one = await ClusterNode.StartAsync(own.Address);
        await using var two = await ClusterNode.StartAsync(own.Address);
        var token = ClusterNode.TokenOf("bob", "t1");
        var ticket = await TicketOfAsync(one, token);
        using var stream = await OpenAsync(two, ticket, cookie: null);
        var cookie = stream.Headers.GetValues("Set-Cookie").Single().Split(';')[0].Split('=')[1];
        var (bob, _) = await one.ConnectAsAsync("bob");
        await bob.SendTextAsync($$"""{"type":"auth","token":"{{token}}"}""");
        await bob.ReceiveTextAsync();
        await two.DoAsync("/api/disconnect", """{"user":"bob","revoke":true}""");
        await bob.ExpectCloseInTheEndAsync(4010);
        var seen = await monitor.StopAsync() + await own.SendAsync("KEYS", "*");
        Assert.Contains("tidings:ticket:", seen, StringComparison.Ordinal);
        Assert.Contains("tidings:pass:", seen, StringComparison.Ordinal);
        foreach (var secret in new[] { token, token.Split('.')[2], ticket, cookie, ClusterNode.Secret })
        {
            Assert.DoesNotContain(secret, seen, StringComparison.Ordinal);
        }

        foreach (var key in (await own.SendAsync("KEYS", "*")).Split("\r\n").Where(static line => line.StartsWith("tidings:", StringComparison.Ordinal)))
        {
            Assert.NotEqual(":-1", await own.SendAsync("PTTL", key));
        }
    }

    [Fact]
    public async Task While_Redis_is_away_there_are_none()
    {
        await using var own = await RedisServer.StartAsync();
        await using var one = await ClusterNode.StartAsync(own.Address);
        var ticket = await TicketAsync(one, "bob");
        own.Kill();
        await Eventually.TrueAsync(async () => !await one.IsReadyAsync(), static () => "it is away");
        Assert.Equal(503, (await one.PostAsync("/api/tickets", "{}", ClusterNode.TokenOf("bob"))).Status);
        var socket = await one.ConnectAsync("/connect?ticket=" + ticket);
        await socket.ExpectCloseAsync(1013, "Unavailable");
    }

    private Task<ClusterNode> StartAsync() => ClusterNode.StartAsync(redis.Server.Address);

    private static Task<string> TicketAsync(ClusterNode node, string user) => TicketOfAsync(node, ClusterNode.TokenOf(user));

    private static async Task<string> TicketOfAsync(ClusterNode node, string token)
    {
        var (status, body) = await node.PostAsync("/api/tickets", "{}", token);
        Assert.True(status == 200, body);
        return JsonElement.Parse(body).GetProperty("ticket").GetString()!;
    }

    private static async Task<HttpResponseMessage> OpenAsync(ClusterNode node, string ticket, string? cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connect?ticket=" + ticket);
        request.Headers.Accept.Add(new("text/event-stream"));
        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }

        return await node.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
