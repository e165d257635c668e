using System.Collections.Concurrent;
using System.Globalization;
using Tidings.Client.Contracts;
using Tidings.Client.Tests.World;
using Tidings.EndToEnd.Tests.Security;
using Tidings.Protocol;
using TestKit;

namespace Tidings.Client.Tests.EndToEnd;

/// <summary>What requests bear, what the server says of those it refuses, and platforms whose requests are not the client's own.</summary>
public sealed class SurroundingsTests
{
    private const string Page = "https://app.example";

    private static readonly TokenMaker Tokens = new(TimeProvider.System);

    public static TheoryData<ClientTransport> All => TransportTests.All;

    [Theory]
    [MemberData(nameof(All))]
    public async Task An_origin_may_be_given_and_another_is_refused_with_the_servers_reason(ClientTransport transport)
    {
        await using var world = await ClientServer.StartAsync(("Tidings:AllowedOrigins:0", Page));
        var client = world.Client(Options(transport, Page));
        Assert.Equal(1, (await client.PublishAsync("chat:a", 1).WaitAsync(Eventually.Limit))!.Value.Offset);

        var other = world.Client(Options(transport, "https://elsewhere.example"));
        var error = await Assert.ThrowsAsync<TidingsDisconnectedException>(() => other.ConnectAsync().WaitAsync(Eventually.Limit));
        Assert.Equal(new DisconnectCode(4003, "This origin may not connect."), error.Reason);
        Assert.Equal("Disconnected: 4003 This origin may not connect.", error.Message);

        static TidingsClientOptions Options(ClientTransport transport, string origin) => new() { Transports = [transport], MaxRetries = 0, Headers = { ["Origin"] = origin } };
    }

    [Fact]
    public async Task Every_request_bears_the_headers_that_are_given()
    {
        var seen = new ConcurrentBag<string>();
        await using var server = await HostileServer.StartAsync(context =>
        {
            seen.Add($"{context.Request.Headers["X-Gateway"]} {context.Request.Headers.Authorization} {context.Request.Headers.UserAgent.Count > 0}");
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        });
        await using var client = new TidingsClient(server.Url, new TidingsClientOptions
        {
            MaxRetries = 0,
            Headers = { ["X-Gateway"] = "secret", ["Authorization"] = "Basic abc" },
        });
        await Assert.ThrowsAsync<TidingsDisconnectedException>(() => client.ConnectAsync());
        var reporter = client.ReportTask("t1");
        await Eventually.EqualAsync(4, () => seen.Count, "How many requests there were");
        await reporter.DisposeAsync();
        Assert.All(seen, static one => Assert.Equal("secret Basic abc True", one));
    }

    [Theory]
    [InlineData("", "x")]
    [InlineData("a b", "x")]
    [InlineData("X-A\r\n", "x")]
    [InlineData("X-A", "a\r\nX-Evil: 1")]
    [InlineData("Sec-WebSocket-Key", "x")]
    [InlineData("Connection", "x")]
    [InlineData("Content-Length", "5")]
    public void A_header_that_cannot_be_given_is_refused(string name, string value) =>
        Assert.Throws<ArgumentException>(() => new TidingsClient(new Uri("ws://127.0.0.1/connect"), new TidingsClientOptions { Headers = { [name] = value } }));

    [Theory]
    [MemberData(nameof(All))]
    public async Task Why_a_token_is_refused_is_in_the_exception(ClientTransport transport)
    {
        await using var world = await ClientServer.StartAsync(TokenMaker.Settings, TokenMaker.Required);
        var client = world.Client(new TidingsClientOptions { Transports = [transport], Token = static _ => ValueTask.FromResult<string?>("never.good.token") });
        var error = await Assert.ThrowsAsync<TidingsDisconnectedException>(() => client.ConnectAsync().WaitAsync(Eventually.Limit));
        Assert.Equal(4001, error.Reason.Code);
        Assert.Contains("Invalid token", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Where_requests_are_the_browsers_the_client_connects_all_the_same(ClientTransport transport)
    {
        await using var world = await ClientServer.StartAsync(TokenMaker.Settings, TokenMaker.Required);
        var client = world.Client(new TidingsClientOptions
        {
            Transports = [transport],
            Platform = new ClientPlatform { OwnsRequests = false },
            Token = static _ => ValueTask.FromResult<string?>(Tokens.Make("ann", 60)),
        });
        await using var room = client.Subscribe("chat:a");
        await room.WaitAsync().WaitAsync(Eventually.Limit);
        await client.PublishAsync("chat:a", 1);
        var reader = new Reader(room);
        await reader.ExpectAsync(1);
        Assert.Equal(("ann", transport), (reader.Told.OfType<ChannelMessage>().Single().From, client.Transport!.Value));
    }

    [Fact]
    public async Task What_a_platform_does_not_have_is_passed_over_for_what_it_has()
    {
        await using var world = await ClientServer.StartAsync();
        var client = world.Client(new TidingsClientOptions { HttpHandler = new NoUpgrades() });
        await client.ConnectAsync().WaitAsync(Eventually.Limit);
        Assert.Equal(ClientTransport.ServerSentEvents, client.Transport);
    }

    /// <summary>A platform without WebSockets.</summary>
    private sealed class NoUpgrades : DelegatingHandler
    {
        public NoUpgrades()
            : base(new SocketsHttpHandler())
        {
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            request.Headers.Upgrade.Count > 0
                ? throw new PlatformNotSupportedException(string.Create(CultureInfo.InvariantCulture, $"{request.RequestUri}"))
                : base.SendAsync(request, cancellationToken);
    }
}
