using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.EndToEnd.Tests.Security;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>B51: one sender that opens a new connection for every burst. It has one bucket, whatever nobody has set.</summary>
public abstract class B51_RatesOverConnections(string pump) : ServerTests(pump)
{
    private const string Refused = """{"error":"Rate limit exceeded"}""";
    private const int Burst = 100;
    private const int OfAnAddress = 1_000;

    private static readonly (string, string?)[] Defaults = [("Tidings:Demo", "false"), ("Tidings:Limits:Preset", "default")];

    private readonly ManualTime _time = new();

    [Fact]
    public async Task Twelve_connections_one_after_the_other_say_what_one_address_may_say()
    {
        await using var server = await StartAsync(_time, Defaults);
        using var probe = new MetricProbe(server.Meters);
        Assert.Equal(OfAnAddress, await SpeakAsync(server, 12, "/ws"));
        Assert.Equal(12 * Burst - OfAnAddress, probe.Sum("tidings.rate_limited/ip"));

        // Another address has its own, and the first gets its back.
        Assert.Equal(Burst, await SpeakAsync(server, 1, "/ws", "127.0.0.2"));
        Assert.Equal(0, await SpeakAsync(server, 1, "/ws"));
        _time.Advance(TimeSpan.FromSeconds(0.05));
        Assert.Equal(50, await SpeakAsync(server, 1, "/ws"));
    }

    [Fact]
    public async Task A_user_has_one_bucket_from_wherever_it_comes_and_takes_nothing_of_its_address()
    {
        await using var server = await StartAsync(_time, [.. Defaults, TokenMaker.Settings]);
        var path = "/ws?token=" + new TokenMaker(_time).Make("ann");
        Assert.Equal(600, await SpeakAsync(server, 6, path));
        Assert.Equal(400, await SpeakAsync(server, 6, path, "127.0.0.2"));
        Assert.Equal(Burst, await SpeakAsync(server, 1, "/ws"));
        Assert.Equal(Burst, await SpeakAsync(server, 1, "/ws?token=" + new TokenMaker(_time).Make("bob")));
    }

    [Fact]
    public async Task A_rate_of_addresses_that_is_set_counts_users_too()
    {
        await using var server = await StartAsync(_time, [.. Defaults, TokenMaker.Settings, ("Tidings:Limits:MessagesPerSecondPerIp", "150")]);
        var path = "/ws?token=" + new TokenMaker(_time).Make("ann");
        Assert.Equal(150, await SpeakAsync(server, 2, path) + await SpeakAsync(server, 1, "/ws"));
    }

    [Fact]
    public async Task The_demo_s_loopback_is_as_many_as_it_plays()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:Preset", "default"));
        Assert.Equal(12 * Burst, await SpeakAsync(server, 12, "/ws"));
    }

    [Fact]
    public async Task On_connect_a_refusal_says_whose_limit_it_was()
    {
        await using var server = await StartAsync(_time, [.. Defaults, ("Tidings:Limits:MessagesPerSecondPerIp", "1"), ("Tidings:Channels:0:Pattern", "a"), ("Tidings:Channels:0:Publish", "anyone")]);
        await using var socket = await server.ConnectAsync("/connect?ping=frame");
        await socket.ReceiveTextAsync();
        const string Publish = """{"type":"publish","id":1,"channel":"a","data":1}""";
        await socket.SendTextAsync(Publish);
        Assert.Contains("published", await socket.ReceiveTextAsync());
        await socket.SendTextAsync(Publish);
        Assert.Equal("""{"type":"error","id":1,"code":"rate_limited","error":"Rate limit exceeded","retryAfter":1000,"limit":"ip"}""", await socket.ReceiveTextAsync());
    }

    [Fact]
    public async Task Subscriptions_of_many_connections_count_together()
    {
        await using var server = await StartAsync(_time, Defaults);
        using var probe = new MetricProbe(server.Meters);
        var refused = 0;
        for (var i = 0; i < 21; i++)
        {
            await using var socket = await server.ConnectAsync("/connect?ping=frame");
            await socket.ReceiveTextAsync();
            await socket.SendTogetherAsync(Enumerable.Range(0, 1_000).Select(static _ => RawFrame.OfText("""{"type":"unsubscribe","channel":"nothing"}""")));
            for (var j = 0; j < 1_000; j++)
            {
                var answer = await socket.ReceiveTextAsync();
                refused += answer.Contains("rate_limited", StringComparison.Ordinal) ? 1 : 0;
                Assert.True(j > 0 || i < 20 || answer.Contains("\"limit\":\"ip\"", StringComparison.Ordinal), answer);
            }
        }

        Assert.Equal((1_000, 1_000), (refused, (int)probe.Sum("tidings.rate_limited/ip")));
        var poll = await server.RequestAsync("GET /api/messages?channel=a HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.Equal((429, "1"), (poll.Status, poll.Header("Retry-After")));
        Assert.Contains("\"limit\":\"ip\"", poll.Body);
    }

    [Fact]
    public async Task Handshakes_of_an_address_have_a_rate_that_keeps_no_other_out()
    {
        await using var server = await StartAsync(_time, [.. Defaults, ("Tidings:Limits:HandshakesPerSecondPerIp", "10"), ("Tidings:Limits:HandshakesPerSecond", "200")]);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(101, (await server.HandshakeAsync("/ws")).Status);
        }

        for (var i = 0; i < 200; i++)
        {
            var refused = await server.HandshakeAsync("/ws");
            Assert.Equal((429, "1"), (refused.Status, refused.Header("Retry-After")));
            Assert.Contains("HandshakesPerSecondPerIp", refused.Body);
        }

        // What was refused took nothing of what the node may take up.
        await using var other = await server.ConnectSettledAsync("/ws", new RawOptions { From = "127.0.0.2" });
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(101, (await server.HandshakeAsync("/ws")).Status);
    }

    [Fact]
    public async Task Connections_of_plain_HTTP_are_bounded_for_each_address_and_the_refusal_says_so()
    {
        await using var server = await StartAsync([.. Defaults, ("Tidings:Limits:HttpConnectionsPerIp", "5"), ("Tidings:Limits:MessagesPerSecond", "0")]);
        await using var control = await ControlPair.StartAsync(server.Port);
        var idle = new List<RawTcp>();
        for (var i = 0; i < 5; i++)
        {
            idle.Add(await RawTcp.ConnectAsync(server.Port));
            await idle[^1].SendAsync("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
            Assert.Equal(200, (await idle[^1].ReadResponseAsync()).Status);
        }

        var refused = await server.RequestAsync("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.Equal((429, "5"), (refused.Status, refused.Header("Retry-After")));
        Assert.Contains("HttpConnectionsPerIp", refused.Body);
        await using (var other = await RawTcp.ConnectAsync(server.Port, new RawOptions { From = "127.0.0.2" }))
        {
            await other.SendAsync("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
            Assert.Equal(200, (await other.ReadResponseAsync()).Status);
        }

        await control.ExpectUnharmedAsync();
        foreach (var socket in idle)
        {
            await socket.DisposeAsync();
        }

        await Eventually.EqualAsync(0, () => server.Registry.HttpPlaces.CountOf(Tidings.Quotas.AddressKey.From(System.Net.IPAddress.Loopback)), "The address's places");
        await using var again = await server.ConnectSettledAsync("/ws");
    }

    [Fact]
    public async Task A_proxy_that_is_named_has_as_many_as_it_wants()
    {
        await using var server = await StartAsync([.. Defaults, ("Tidings:Limits:HttpConnectionsPerIp", "2"), ("Tidings:TrustedProxies:0", "127.0.0.0/8")]);
        for (var i = 0; i < 5; i++)
        {
            var socket = await RawTcp.ConnectAsync(server.Port);
            await socket.SendAsync("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
            Assert.Equal(200, (await socket.ReadResponseAsync()).Status);
        }
    }

    // Each connection says what one may say at once; how many of that was let through.
    private static async Task<int> SpeakAsync(TestServer server, int connections, string path, string from = "127.0.0.1")
    {
        var answered = 0;
        for (var i = 0; i < connections; i++)
        {
            await using var socket = await server.ConnectSettledAsync(path, new RawOptions { From = from });
            await socket.SendTogetherAsync(Enumerable.Range(0, Burst).Select(static _ => RawFrame.OfText("hi")));
            for (var j = 0; j < Burst; j++)
            {
                var text = await socket.ReceiveTextAsync();
                Assert.True(text is "Echo: hi" or Refused, text);
                answered += text == Refused ? 0 : 1;
            }
        }

        return answered;
    }
}
