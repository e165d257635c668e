using System.Net;
using System.Text.Json.Nodes;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Security.Issuers;

/// <summary>The standalone server with a real OpenID Connect provider: who comes in, what claims mean, and what holds while keys change or the provider is away.</summary>
public sealed class IssuerTests() : ServerTests(Pump.Lanes)
{
    private const string Audience = "push";

    [Fact]
    public async Task Its_users_come_in_by_every_way_and_those_of_others_do_not()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var server = await StartAsync(Settings(provider));
        await using var socket = await ConnectAsync(server, provider.Token("ada", Audience));
        Assert.Contains("\"user\":\"ada\"", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
        await using var late = await server.ConnectAsync("/connect?ping=frame");
        await late.ReceiveTextAsync();
        await late.SendTextAsync($$"""{"type":"auth","token":"{{provider.Token("bob", Audience)}}"}""");
        await late.ExpectTextAsync("""{"type":"auth_success","user":"bob"}""");
        foreach (var token in new[] { provider.Token("ada", "others"), provider.Sign(new JsonObject { ["iss"] = "https://other.example", ["sub"] = "ada", ["aud"] = Audience, ["exp"] = 4_000_000_000 }) })
        {
            await using var refused = await ConnectAsync(server, token);
            await refused.ExpectCloseAsync(4001, "Invalid token");
        }
    }

    [Theory]
    [InlineData("RS256", true)]
    [InlineData("RS256", false)]
    [InlineData("PS256", true)]
    [InlineData("ES256", true)]
    [InlineData("ES384", false)]
    public async Task A_new_key_is_told_to_come_back_and_then_holds(string algorithm, bool saysAlgorithm)
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var server = await StartAsync(Settings(provider));
        await using (var before = await ConnectAsync(server, provider.Token("ada", Audience)))
        {
            await before.ReceiveTextAsync();
        }

        var fetched = provider.KeyFetches;
        provider.Rotate(algorithm, keep: true, saysAlgorithm);
        var token = provider.Token("ada", Audience);
        await using var early = await ConnectAsync(server, token);
        await early.ExpectCloseAsync(1013, "Unavailable");
        await Eventually.TrueAsync(async () => (await PollAsync(server, token)).StatusCode == HttpStatusCode.OK, () => "a poll with the new key is answered");
        Assert.Equal(fetched + 1, provider.KeyFetches);
    }

    [Fact]
    public async Task Over_http_it_is_503_with_a_time_to_come_back()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var server = await StartAsync(Settings(provider));
        using var response = await PollAsync(server, provider.Sign(Claims(provider), keyId: "nobody's"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (response.StatusCode, response.Headers.RetryAfter is not null));
        using var ticket = new HttpRequestMessage(HttpMethod.Post, "/api/tickets");
        ticket.Headers.Authorization = new("Bearer", provider.Sign(Claims(provider), keyId: "nobody's"));
        using var later = await server.Http.SendAsync(ticket);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (later.StatusCode, later.Headers.RetryAfter is not null));
    }

    [Fact]
    public async Task While_it_is_away_known_keys_let_in_and_a_server_that_starts_meanwhile_asks_to_come_back()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var server = await StartAsync(Settings(provider));
        var token = provider.Token("ada", Audience);
        (await PollAsync(server, token)).EnsureSuccessStatusCode();
        provider.IsAway = true;
        for (var i = 0; i < 50; i++)
        {
            (await PollAsync(server, token)).EnsureSuccessStatusCode();
        }

        await using var other = await StartAsync(Settings(provider));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await PollAsync(other, token)).StatusCode);
        provider.IsAway = false;
        await Eventually.TrueAsync(async () => (await PollAsync(other, token)).IsSuccessStatusCode, () => "the server that started meanwhile lets in");
        Assert.Contains(other.Log, static line => line.Contains("its keys could not be fetched", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Unknown_ids_by_the_thousand_cost_one_fetch()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var server = await StartAsync(Settings(provider));
        var before = provider.KeyFetches;
        var started = TimeProvider.System.GetTimestamp();
        var tokens = Enumerable.Range(0, 2000).Select(i => provider.Sign(Claims(provider), keyId: $"unknown {i}")).ToList();
        await Parallel.ForEachAsync(tokens, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (token, _) =>
        {
            using var response = await PollAsync(server, token);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        });
        Assert.InRange(provider.KeyFetches - before, 1, 1 + (int)TimeProvider.System.GetElapsedTime(started).TotalMinutes);
        (await PollAsync(server, provider.Token("ada", Audience))).EnsureSuccessStatusCode();
    }

    [Fact]
    public async Task Keys_change_while_many_clients_come_back_and_all_are_in_soon()
    {
        const int Clients = 300;
        await using var provider = await OpenIdProvider.StartAsync();
        await using var server = await StartAsync(Settings(provider));
        var before = provider.KeyFetches;
        provider.Rotate();
        var token = provider.Token("ada", Audience);
        var attempts = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, Clients), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (_, _) =>
        {
            for (var isIn = false; !isIn;)
            {
                Interlocked.Increment(ref attempts);
                await using var socket = await ConnectAsync(server, token);
                try
                {
                    isIn = (await socket.ReceiveTextAsync()).Contains("connected", StringComparison.Ordinal);
                }
                catch (ExpectationException)
                {
                    // 1013: it comes back, as clients do.
                    await Task.Delay(50, CancellationToken.None);
                }
            }
        });
        Assert.Equal(before + 1, provider.KeyFetches);
        Assert.InRange(attempts, Clients, Clients * 5);
    }

    [Fact]
    public async Task Roles_become_channels_and_claims_are_compared_with_names()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var server = await StartAsync(
        [
            .. Settings(provider), ("Tidings:Jwt:RolesClaim", "realm_access.roles"), ("Tidings:Jwt:Roles:0:Role", "editor"), ("Tidings:Jwt:Roles:0:Channels:0", "articles:*=subscribe,publish"),
            ("Tidings:Channels:0:Pattern", "articles:*"), ("Tidings:Channels:0:Subscribe", "server"),
        ]);
        await using var editor = await ConnectAsync(server, provider.Token("ada", Audience, ("realm_access", new JsonObject { ["roles"] = new JsonArray("editor", "x") })));
        await editor.ReceiveTextAsync();
        await ExpectAsync(editor, """{"type":"subscribe","channel":"articles:1"}""", "subscribed");
        await ExpectAsync(editor, """{"type":"history","channel":"articles:1"}""", "error");
        await using var reader = await ConnectAsync(server, provider.Token("bob", Audience));
        await reader.ReceiveTextAsync();
        await ExpectAsync(reader, """{"type":"subscribe","channel":"articles:1"}""", "error");
    }

    [Fact]
    public async Task A_claim_must_be_what_the_name_says_and_a_ticket_keeps_it()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var server = await StartAsync(
        [
            .. Settings(provider), ("Tidings:Channels:0:Pattern", "team:{team}:{room}"), ("Tidings:Channels:0:Subscribe", "claim:teams={team}"), ("Tidings:Channels:0:Publish", "claim:lead={team}"),
            ("Tidings:Channels:1:Pattern", "inbox:{id}"), ("Tidings:Channels:1:Subscribe", "user={id}"), ("Tidings:Channels:1:Publish", "users"),
        ]);
        var token = provider.Token("ada", Audience, ("teams", new JsonArray("red", "blue")), ("lead", "blue"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/tickets");
        request.Headers.Authorization = new("Bearer", token);
        using var answered = await server.Http.SendAsync(request);
        var ticket = JsonNode.Parse(await answered.Content.ReadAsStringAsync())!["ticket"]!.GetValue<string>();
        await using var direct = await ConnectAsync(server, token);
        await using var byTicket = await server.ConnectAsync("/connect?ping=frame&ticket=" + ticket);
        foreach (var ada in new[] { direct, byTicket })
        {
            await ada.ReceiveTextAsync();
            foreach (var (channel, subscribes, publishes) in new[]
            {
                ("team:red:a", true, false), ("team:blue:a", true, true), ("team:green:a", false, false), ("inbox:ada", true, true), ("inbox:bob", false, false), ("inbox:ad", false, false), ("inbox:adaa", false, false),
            })
            {
                await ExpectAsync(ada, $$"""{"type":"publish","channel":"{{channel}}","data":1}""", publishes ? "published" : "error");
                await ExpectAsync(ada, $$"""{"type":"history","channel":"{{channel}}"}""", subscribes ? "history" : "error");
            }
        }

        await using var nobody = await server.ConnectAsync("/connect?ping=frame");
        await nobody.ReceiveTextAsync();
        await ExpectAsync(nobody, """{"type":"history","channel":"team:red:a"}""", "error");
        await ExpectAsync(nobody, """{"type":"history","channel":"inbox:ada"}""", "error");
    }

    [Fact]
    public async Task What_the_token_says_of_its_user_is_shown_by_presence()
    {
        await using var provider = await OpenIdProvider.StartAsync();
        await using var server = await StartAsync([.. Settings(provider), ("Tidings:Channels:0:Pattern", "lobby:*"), ("Tidings:Channels:0:Presence", "true")]);
        await using var ada = await ConnectAsync(server, provider.Token("ada", Audience, ("info", new JsonObject { ["name"] = "Ada" })));
        await ada.ReceiveTextAsync();
        await ada.SendTextAsync("""{"type":"subscribe","channel":"lobby:1","presence":true}""");
        Assert.Contains("""{"user":"ada","connections":1,"info":{"name":"Ada"}}""", await ada.ReceiveTextAsync(), StringComparison.Ordinal);
    }

    private static (string Key, string? Value)[] Settings(OpenIdProvider provider) => [("Tidings:Jwt:Authority", provider.Issuer), ("Tidings:Jwt:Audience", Audience)];

    private static JsonObject Claims(OpenIdProvider provider) => new() { ["iss"] = provider.Issuer, ["sub"] = "ada", ["aud"] = Audience, ["exp"] = 4_000_000_000 };

    private static Task<RawWebSocket> ConnectAsync(TestServer server, string token) =>
        server.ConnectAsync("/connect?ping=frame", new RawOptions { Headers = [("Authorization", "Bearer " + token)] });

    private static async Task<HttpResponseMessage> PollAsync(TestServer server, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/messages");
        request.Headers.Authorization = new("Bearer", token);
        return await server.Http.SendAsync(request);
    }

    private static async Task ExpectAsync(RawWebSocket socket, string command, string type)
    {
        await socket.SendTextAsync(command);
        Assert.StartsWith($$"""{"type":"{{type}}",""", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
    }
}
