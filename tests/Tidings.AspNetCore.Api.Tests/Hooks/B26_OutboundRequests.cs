using System.Net;
using System.Net.Sockets;
using System.Text;
using Tidings.Security.Tokens;

namespace Tidings.AspNetCore.Api.Tests.Hooks;

/// <summary>B26: what a peer says makes the server ask somebody else (Centrifugo CVE-2026-32301: claims led to a key server before the
/// signature was checked). A trap on loopback counts who comes: it must be nobody.</summary>
public sealed class B26_OutboundRequests
{
    private const string Secret = "a secret of the tests, 32 bytes or more";

    [Fact]
    public async Task Nothing_in_a_token_is_fetched()
    {
        using var trap = new Trap();
        await using var app = await TestApp.StartAsync(options: static options => options.Jwt.Secret = Secret);
        var writer = new TokenWriter(TokenKey.FromSecret(TokenAlgorithm.HS256, Secret));
        foreach (var header in new[] { "jku", "x5u", "kid", "iss", "url" })
        {
            var json = $$"""{"alg":"HS256","{{header}}":"{{trap.Url}}/keys"}""";
            var signed = writer.Sign("""{"sub":"ann"}"""u8);
            await TryAsync(app, $"{Base64Url(json)}.{signed.Split('.')[1]}.{signed.Split('.')[2]}");
        }

        foreach (var claim in new[] { "iss", "aud", "jti", "jwks_uri", "tenant" })
        {
            await TryAsync(app, writer.Sign(Encoding.UTF8.GetBytes($$"""{"sub":"ann","{{claim}}":"{{trap.Url}}"}""")));
        }

        Assert.Equal(0, trap.Visitors);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_hook_that_points_elsewhere_is_not_followed(int status)
    {
        using var trap = new Trap();
        await using var hook = await HookReceiver.StartAsync((_, context) =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = trap.Url + "/latest/meta-data";
            return Task.CompletedTask;
        });
        await using var app = await TestApp.StartAsync(options: options =>
        {
            options.Hooks.Secret = HookReceiver.Secret;
            options.Channels.Add(new ChannelOptions { Pattern = "h:*", Publish = ChannelAccess.Anyone, OnPublish = hook.Url, OnSubscribe = hook.Url });
        });
        await using var client = await app.ConnectAsync();
        Assert.Equal("unavailable", (await client.RefusedAsync("""{"type":"publish","channel":"h:1","data":1}""")).Code);
        Assert.Equal("unavailable", (await client.RefusedAsync("""{"type":"subscribe","channel":"h:169.254.169.254"}""")).Code);
        Assert.Equal("unavailable", (await client.RefusedAsync($$"""{"type":"subscribe","channel":"h:@127.0.0.1:{{trap.Port}}"}""")).Code);
        Assert.Equal(0, trap.Visitors);
        Assert.Equal(3, hook.Events.Count);
    }

    private static async Task TryAsync(TestApp app, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connect?wait=0");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        using var response = await app.Http.SendAsync(request);
        Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Unauthorized, response.StatusCode.ToString());
    }

    private static string Base64Url(string text) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private sealed class Trap : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public Trap() => _listener.Start();

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public string Url => $"http://127.0.0.1:{Port}";

        /// <summary>Who has connected and waits to be served, which nobody ever is.</summary>
        public int Visitors => _listener.Pending() ? 1 : 0;

        public void Dispose() => _listener.Dispose();
    }
}
