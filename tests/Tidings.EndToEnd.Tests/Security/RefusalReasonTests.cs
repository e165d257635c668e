using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Security.Tokens;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Security;

/// <summary>Why somebody was refused: the log and the dashboard say it, the peer is told a fixed text, and in Development the reason beside it.</summary>
public sealed class RefusalReasonTests : IDisposable
{
    private const string OtherSecret = "another secret of the tests, 32 bytes";
    private const string Channel = "prices";

    private readonly ManualTime _time = new();
    private readonly LogCollector _log = new(LogLevel.Information);

    public static TheoryData<string, string> Tokens => new()
    {
        { "expired", "it has expired (exp)" },
        { "signature", "its signature is by another key" },
        { "algorithm", "no key of Tidings:Jwt has its algorithm" },
        { "audience", "its audience (aud, or AudienceClaim) is not that of Tidings:Jwt:Audience" },
        { "issuer", "its issuer (iss) is none of those in Tidings:Jwt" },
        { "garbage", "it is no signed JSON Web Token" },
        { "revoked", "it was revoked" },
    };

    public void Dispose() => _log.Dispose();

    [Theory]
    [MemberData(nameof(Tokens))]
    public async Task A_token_that_is_refused_is_explained_in_the_log_and_to_nobody_else(string what, string reason)
    {
        await using var server = await StartAsync("Production");
        var token = Make(what);
        if (what == "revoked")
        {
            server.Registry.Revocations.RevokeUser("ann");
        }

        await using var socket = await server.ConnectAsync("/connect?token=" + token);
        await socket.ExpectCloseAsync(4001, "Invalid token");
        ExpectNoted(server, "Invalid token: " + reason, token);
        using var polled = await server.Http.GetAsync(new Uri("/connect?wait=0&token=" + token, UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, polled.StatusCode);
        Assert.False(JsonElement.Parse(await polled.Content.ReadAsStringAsync()).TryGetProperty("details", out _));
        await using var first = await server.ConnectAsync("/connect");
        await first.ReceiveTextAsync();
        await first.SendTextAsync($$"""{"type":"auth","id":1,"token":"{{token}}"}""");
        await first.ExpectTextAsync("""{"type":"error","id":1,"code":"unauthorized","error":"Invalid token"}""");
        Assert.Equal(3, server.Registry.Refusals.List().Count(refusal => refusal.Reason.Contains(reason, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_is_not_allowed_is_explained_in_the_log_and_to_nobody_else()
    {
        await using var server = await StartAsync("Production");
        await using var socket = await server.ConnectAsync("/connect");
        await socket.ReceiveTextAsync();
        foreach (var (command, reason) in Forbidden)
        {
            await socket.SendTextAsync(command);
            await socket.ExpectTextAsync("""{"type":"error","id":1,"code":"not_allowed","error":"Not allowed"}""");
            ExpectNoted(server, "Not allowed: " + reason);
        }
    }

    [Fact]
    public async Task An_origin_is_named_in_the_log()
    {
        await using var server = await StartAsync("Production", ("Tidings:AllowedOrigins:0", "https://app.example.com"));
        Assert.Equal(403, (await server.HandshakeAsync("/connect", ("Origin", "https://evil.example"))).Status);
        ExpectNoted(server, "Origin: \"https://evil.example\" is not in Tidings:AllowedOrigins");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connect?wait=0");
        request.Headers.Add("Origin", "https://" + new string('x', 5000));
        using var answer = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.InRange(server.Registry.Refusals.List()[0].Reason.Length, 200, 300);
    }

    [Fact]
    public async Task In_development_the_peer_reads_the_reason_beside_the_fixed_text()
    {
        await using var server = await StartAsync("Development", ("Tidings:AllowedOrigins:0", "https://app.example.com"));
        var token = Make("expired");
        await using var refused = await server.ConnectAsync("/connect?token=" + token);
        ExpectDetails(await refused.ReceiveTextAsync(), "Invalid token", "token", "it has expired");
        await refused.ExpectCloseAsync(4001, "Invalid token");
        await using var socket = await server.ConnectAsync("/connect");
        await socket.ReceiveTextAsync();
        foreach (var (command, reason) in Forbidden)
        {
            await socket.SendTextAsync(command);
            ExpectDetails(await socket.ReceiveTextAsync(), "Not allowed", null, reason);
        }

        await socket.SendTextAsync($$"""{"type":"auth","id":1,"token":"{{token}}"}""");
        ExpectDetails(await socket.ReceiveTextAsync(), "Invalid token", "token", "it has expired");
        using var polled = await server.Http.GetAsync(new Uri("/connect?wait=0&token=" + token, UriKind.Relative));
        var problem = JsonElement.Parse(await polled.Content.ReadAsStringAsync());
        Assert.Equal("Invalid token", problem.GetProperty("detail").GetString());
        Assert.Contains("it has expired", problem.GetProperty("details")[0].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("is not in Tidings:AllowedOrigins", (await server.HandshakeAsync("/connect", ("Origin", "https://evil.example"))).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_handshake_ends_as_soon_as_the_peer_has_answered_and_in_a_second_otherwise()
    {
        await using var server = await StartAsync("Production");
        await using var polite = await server.ConnectAsync("/connect?token=" + Make("expired"));
        await polite.ExpectCloseAsync(4001, "Invalid token");
        await polite.SendTogetherAsync(RawFrame.OfText("too late"), RawFrame.Close(4001, "Invalid token"));
        Assert.Null(await polite.TryReceiveAsync());
        await using var silent = await server.ConnectAsync("/connect?token=" + Make("expired"));
        await silent.ExpectCloseAsync(4001, "Invalid token");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await silent.TryReceiveAsync());
    }

    private static IEnumerable<(string Command, string Reason)> Forbidden =>
    [
        ($$"""{"type":"publish","id":1,"channel":"{{Channel}}","data":1}""", "publish \"prices\": no kind opens \"prices\" to clients"),
        ("""{"type":"subscribe","id":1,"channel":"user:bob"}""", "subscribe \"user:bob\": it belongs to another user"),
        ("""{"type":"presence","id":1,"channel":"chat:a"}""", "presence \"chat:a\": its kind \"chat:*\" has no presence"),
        ("""{"type":"call","id":1,"method":"sum"}""", "nothing answers this method"),
    ];

    private static void ExpectDetails(string json, string error, string? field, string reason)
    {
        var answer = JsonElement.Parse(json);
        Assert.Equal((error, "error"), (answer.GetProperty("error").GetString(), answer.GetProperty("type").GetString()));
        var detail = answer.GetProperty("details")[0];
        Assert.Equal(field ?? detail.GetProperty("field").GetString(), detail.GetProperty("field").GetString());
        Assert.Contains(reason, detail.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private void ExpectNoted(TestServer server, string reason, string? secret = null)
    {
        var newest = server.Registry.Refusals.List()[0];
        Assert.Equal("127.0.0.1", newest.Address.ToString());
        Assert.StartsWith(reason, newest.Reason, StringComparison.Ordinal);
        Assert.Contains(_log.Lines, line => line.StartsWith("Information", StringComparison.Ordinal) && line.Contains("Refused 127.0.0.1: " + reason, StringComparison.Ordinal));
        Assert.DoesNotContain(_log.Lines, line => secret is not null && line.Contains(secret, StringComparison.Ordinal));
    }

    private string Make(string what)
    {
        if (what == "garbage")
        {
            return "no-token-at-all";
        }

        var algorithm = what == "algorithm" ? TokenAlgorithm.HS512 : TokenAlgorithm.HS256;
        var secret = what is "signature" or "algorithm" ? OtherSecret + OtherSecret : TokenMaker.Secret;
        return new TokenWriter(TokenKey.FromSecret(algorithm, secret)).Write(new TokenClaims
        {
            Subject = "ann",
            Issuer = what == "issuer" ? "https://other.example" : "https://issuer.example",
            Audience = what == "audience" ? "other" : "tidings",
            IssuedAt = _time.GetUtcNow(),
            ExpiresAt = _time.GetUtcNow().AddSeconds(what == "expired" ? -1 : 3600),
        });
    }

    private Task<TestServer> StartAsync(string environment, params (string, string?)[] settings) => TestServer.StartAsync(
        Pump.Lanes,
        _time,
        builder =>
        {
            builder.Logging.AddProvider(_log);
            builder.Environment.EnvironmentName = environment;
            builder.Services.AddSingleton<IHostEnvironment>(builder.Environment);
        },
        [
            TokenMaker.Settings, ("Tidings:Jwt:Issuer", "https://issuer.example"), ("Tidings:Jwt:Audience", "tidings"),
            ("Tidings:Heartbeat:Interval", "0"), .. settings,
        ]);
}
