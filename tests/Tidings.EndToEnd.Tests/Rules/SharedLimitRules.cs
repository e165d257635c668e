using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.EndToEnd.Tests.Security;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Rules;

/// <summary>Limits that are off until they are set, most of which several connections share.</summary>
public abstract class SharedLimitRules(string pump) : ServerTests(pump)
{
    private const string Refused = """{"error":"Rate limit exceeded"}""";

    private readonly ManualTime _time = new();

    [Fact]
    public async Task Bytes_of_a_connection_are_counted_and_one_message_may_overdraw_them()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:BytesPerSecond", "1KB"));
        using var probe = new MetricProbe(server.Meters);
        await using var socket = await server.ConnectSettledAsync("/ws");
        var large = new string('x', 3 * 1024);
        await socket.SendTextAsync(large);
        await socket.ExpectTextAsync("Echo: " + large);
        await socket.SendTextAsync("x");
        await socket.ExpectTextAsync(Refused);
        _time.Advance(TimeSpan.FromSeconds(2.1));
        await socket.SendTextAsync("y");
        await socket.ExpectTextAsync("Echo: y");
        Assert.Equal(1, probe.Sum("tidings.rate_limited/bytes"));
    }

    [Fact]
    public async Task Connections_of_one_address_share_a_rate_and_others_have_their_own()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:MessagesPerSecondPerIp", "4"));
        using var probe = new MetricProbe(server.Meters);
        await using var one = await server.ConnectSettledAsync("/ws");
        await using var two = await server.ConnectSettledAsync("/ws");
        await using var other = await server.ConnectSettledAsync("/ws", new RawOptions { From = "127.0.0.2" });
        foreach (var socket in new[] { one, two, one, two })
        {
            await ExpectAllowedAsync(socket);
        }

        await ExpectRefusedAsync(one);
        await ExpectRefusedAsync(two);
        await ExpectAllowedAsync(other);
        _time.Advance(TimeSpan.FromMilliseconds(250));
        await ExpectAllowedAsync(two);
        await ExpectRefusedAsync(one);
        Assert.Equal(3, probe.Sum("tidings.rate_limited/ip"));
    }

    [Fact]
    public async Task Coming_back_does_not_fill_the_bucket_of_an_address()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:MessagesPerSecondPerIp", "1"));
        await using (var first = await server.ConnectSettledAsync("/ws"))
        {
            await ExpectAllowedAsync(first);
        }

        await server.ExpectIdleAsync();
        await using var second = await server.ConnectSettledAsync("/ws");
        await ExpectRefusedAsync(second);
    }

    [Fact]
    public async Task A_user_has_so_many_connections_from_wherever_and_however_he_says_who_he_is()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, ("Tidings:Limits:ConnectionsPerUser", "2"));
        var token = new TokenMaker(_time).Make("ann");
        await using var one = await server.ConnectSettledAsync("/ws/lobby?token=" + token);
        await using (var two = await server.ConnectAsync("/connect?ping=frame", new RawOptions { From = "127.0.0.2" }))
        {
            await two.ReceiveTextAsync();
            await two.SendTextAsync($$"""{"type":"auth","token":"{{token}}"}""");
            await two.ExpectTextAsync("""{"type":"auth_success","user":"ann"}""");
            Assert.Equal(2, server.Registry.CountOf("ann"));
            await using var three = await server.ConnectAsync("/ws?token=" + token, new RawOptions { From = "127.0.0.3" });
            await three.ExpectCloseAsync(1008, "Too many connections");
            await using var late = await server.ConnectSettledAsync("/ws/lobby");
            await late.SendTextAsync($$"""{"type":"auth","token":"{{token}}"}""");
            await late.ExpectCloseAsync(1008, "Too many connections");
            using var poll = await server.Http.GetAsync(new Uri("/connect?wait=0&token=" + token, UriKind.Relative));
            Assert.Equal(429, (int)poll.StatusCode);
        }

        await Eventually.EqualAsync(1, () => server.Registry.CountOf("ann"), "The connections of ann");
        await using var four = await server.ConnectSettledAsync("/ws?token=" + token);
    }

    [Fact]
    public async Task Connections_of_one_user_share_a_rate()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, ("Tidings:Limits:MessagesPerSecondPerUser", "2"));
        using var probe = new MetricProbe(server.Meters);
        var tokens = new TokenMaker(_time);
        await using var one = await server.ConnectSettledAsync("/ws?token=" + tokens.Make("ann"));
        await using var two = await server.ConnectSettledAsync("/ws?token=" + tokens.Make("ann"), new RawOptions { From = "127.0.0.2" });
        await using var other = await server.ConnectSettledAsync("/ws?token=" + tokens.Make("bob"));
        await ExpectAllowedAsync(one);
        await ExpectAllowedAsync(two);
        await ExpectRefusedAsync(one);
        await ExpectAllowedAsync(other);
        Assert.Equal(1, probe.Sum("tidings.rate_limited/user"));
    }

    [Fact]
    public async Task A_room_takes_so_many_messages_of_its_clients_and_any_number_of_the_servers()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:MessagesPerSecondPerChannel", "2"));
        using var probe = new MetricProbe(server.Meters);
        await using var one = await server.ConnectSettledAsync("/ws/lobby");
        await using var two = await server.ConnectSettledAsync("/ws/lobby");
        foreach (var socket in new[] { one, two })
        {
            await socket.SendTextAsync("hi");
            await one.ExpectTextAsync("[lobby] hi");
            await two.ExpectTextAsync("[lobby] hi");
        }

        await ExpectRefusedAsync(one);
        for (var i = 0; i < 5; i++)
        {
            await server.PublishAsync("lobby", $"{i}");
            await one.ExpectTextAsync($"[lobby] {i}");
        }

        await using var elsewhere = await server.ConnectSettledAsync("/ws/garden");
        await elsewhere.SendTextAsync("hi");
        await elsewhere.ExpectTextAsync("[garden] hi");
        Assert.Equal(1, probe.Sum("tidings.rate_limited/channel"));
    }

    [Fact]
    public async Task A_busy_room_never_ends_a_connection()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:MessagesPerSecondPerChannel", "1"));
        await using var socket = await server.ConnectSettledAsync("/ws/lobby");
        await socket.SendTextAsync("hi");
        await socket.ExpectTextAsync("[lobby] hi");
        for (var i = 0; i < 150; i++)
        {
            await ExpectRefusedAsync(socket);
        }
    }

    [Fact]
    public async Task More_handshakes_in_a_second_are_answered_429_with_Retry_After_before_the_upgrade()
    {
        await using var server = await StartAsync(_time, ("Tidings:Limits:HandshakesPerSecond", "2"));
        using var probe = new MetricProbe(server.Meters);
        await using var one = await server.ConnectAsync("/ws");
        await using var two = await server.ConnectAsync("/ws/lobby");
        var response = await server.HandshakeAsync("/ws/lobby");
        Assert.Equal((429, "1"), (response.Status, response.Header("Retry-After")));
        Assert.Equal(2, server.Registry.Count);
        Assert.Equal(1, probe.Sum("tidings.refused_connections/handshakes"));
        _time.Advance(TimeSpan.FromMilliseconds(500));
        await using var three = await server.ConnectAsync("/ws");
    }

    [Fact]
    public async Task A_full_room_and_a_full_address_are_counted()
    {
        await using var server = await StartAsync(("Tidings:Limits:ConnectionsPerRoom", "1"), ("Tidings:Limits:ConnectionsPerIp", "2"));
        using var probe = new MetricProbe(server.Meters);
        await using var one = await server.ConnectSettledAsync("/ws/lobby");
        await using (var refused = await server.ConnectAsync("/ws/lobby"))
        {
            await refused.ExpectCloseAsync(1008, "Too many connections");
        }

        await using var two = await server.ConnectSettledAsync("/ws");
        await using var three = await server.ConnectAsync("/ws");
        await three.ExpectCloseAsync(1008, "Too many connections");
        Assert.Equal((1, 1), (probe.Sum("tidings.refused_connections/room"), probe.Sum("tidings.refused_connections/ip")));
    }

    private static async Task ExpectAllowedAsync(RawWebSocket socket)
    {
        await socket.SendTextAsync("hi");
        await socket.ExpectTextAsync("Echo: hi");
    }

    private static async Task ExpectRefusedAsync(RawWebSocket socket)
    {
        await socket.SendTextAsync("too much");
        await socket.ExpectTextAsync(Refused);
    }
}
