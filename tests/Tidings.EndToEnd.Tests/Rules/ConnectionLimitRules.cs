using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Rules;

public abstract class ConnectionLimitRules(string pump) : ServerTests(pump)
{
    [Fact]
    public async Task A_full_node_answers_503_with_Retry_After_before_the_upgrade()
    {
        await using var server = await StartAsync(("Tidings:Limits:Connections", "2"));
        await using var first = await server.ConnectAsync("/ws");
        await using (await server.ConnectAsync("/ws/lobby"))
        {
            var response = await server.HandshakeAsync("/ws/lobby");
            Assert.Equal(503, response.Status);
            Assert.Matches("^[1-9][0-9]*$", response.Header("Retry-After"));
        }

        await Eventually.EqualAsync(1, () => server.Registry.Count, "The number of connections");
        await using var second = await server.ConnectSettledAsync("/ws/lobby");
    }

    [Fact]
    public async Task A_full_room_completes_the_handshake_and_closes_with_1008()
    {
        await using var server = await StartAsync(("Tidings:Limits:ConnectionsPerRoom", "2"));
        await using var first = await server.ConnectSettledAsync("/ws/lobby");
        await using var second = await server.ConnectSettledAsync("/ws/lobby");
        await using (var third = await server.ConnectAsync("/ws/lobby"))
        {
            await third.ExpectCloseAsync(1008, "Too many connections");
            await third.SendCloseAsync(1008);
            await third.ExpectEofAsync();
        }

        await using var elsewhere = await server.ConnectSettledAsync("/ws/garden");
        Assert.Equal(3, server.Registry.Count);
        await second.DisposeAsync();
        await Eventually.EqualAsync(1, () => server.Hub.CountMembers("room:lobby"), "The number of members");
        await using var fourth = await server.ConnectSettledAsync("/ws/lobby");
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task An_address_that_is_full_is_closed_with_1008_and_others_get_in()
    {
        await using var server = await StartAsync(("Tidings:Limits:ConnectionsPerIp", "2"));
        await using var first = await server.ConnectSettledAsync("/ws");
        await using var second = await server.ConnectSettledAsync("/ws/lobby");
        await using (var third = await server.ConnectAsync("/ws"))
        {
            await third.ExpectCloseAsync(1008, "Too many connections");
        }

        await using var other = await server.ConnectSettledAsync("/ws", new RawOptions { From = "127.0.0.2" });
        await first.DisposeAsync();
        await Eventually.EqualAsync(2, () => server.Registry.Count, "The number of connections");
        await using var fourth = await server.ConnectSettledAsync("/ws");
    }

    [Fact]
    public async Task A_refused_peer_that_never_answers_does_not_stay()
    {
        await using var server = await StartAsync(("Tidings:Limits:ConnectionsPerIp", "1"));
        await using var first = await server.ConnectSettledAsync("/ws");
        await using var second = await server.ConnectAsync("/ws");
        await second.ExpectCloseAsync(1008, "Too many connections");
        await second.ExpectEndAsync();
        await using var third = await server.ConnectAsync("/ws");
        third.Tcp.Reset();
        await first.SendTextAsync("untouched");
        await first.ExpectTextAsync("Echo: untouched");
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task The_exact_echo_has_no_limit_of_an_address()
    {
        await using var server = await StartAsync(("Tidings:Limits:ConnectionsPerIp", "1"));
        await using var first = await server.ConnectSettledAsync("/ws/echo");
        await using var second = await server.ConnectSettledAsync("/ws/echo");
        await using var third = await server.ConnectSettledAsync("/ws");
    }
}
