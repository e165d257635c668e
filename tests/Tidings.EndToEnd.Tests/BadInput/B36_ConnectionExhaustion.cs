using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>More connections than there are places, scaled to what a test may take: those who are in don't notice.</summary>
public abstract class B36_ConnectionExhaustion(string pump) : ServerTests(pump)
{
    [Fact]
    public async Task One_address_that_opens_without_end_leaves_room_for_others()
    {
        await using var server = await StartAsync(("Tidings:Limits:ConnectionsPerIp", "20"), ("Tidings:Limits:Connections", "200"));
        await using var control = await ControlPair.StartAsync(server.Port);
        var sockets = new List<RawTcp>();
        try
        {
            for (var i = 0; i < 600; i++)
            {
                var tcp = await RawTcp.ConnectAsync(server.Port);
                sockets.Add(tcp);
                await tcp.SendAsync(RawHandshake.Request("/ws/lobby", server.Port, RawHandshake.NewKey(), []));
                Assert.Contains((await tcp.ReadResponseAsync()).Status, new[] { 101, 503 });
            }

            Assert.InRange(server.Registry.Count, 2, 22);
            await using var other = await server.ConnectSettledAsync("/ws/lobby", new RawOptions { From = "127.0.0.3" });
            await control.ExpectUnharmedAsync();
        }
        finally
        {
            sockets.ForEach(static tcp => tcp.Reset());
        }

        await control.DisposeAsync();
        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task A_full_node_answers_before_the_upgrade_and_serves_those_who_are_in()
    {
        await using var server = await StartAsync(("Tidings:Limits:Connections", "12"));
        await using var control = await ControlPair.StartAsync(server.Port);
        var sockets = await Task.WhenAll(Enumerable.Range(1, 10).Select(i => server.ConnectAsync("/ws/lobby", new RawOptions { From = $"127.0.1.{i}" })));
        for (var i = 0; i < 200; i++)
        {
            var response = await server.HandshakeAsync("/ws/lobby");
            Assert.Equal(503, response.Status);
            Assert.NotNull(response.Header("Retry-After"));
        }

        await control.ExpectUnharmedAsync();
        foreach (var socket in sockets)
        {
            await socket.DisposeAsync();
        }

        await using var again = await server.ConnectSettledAsync("/ws/lobby");
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task A_storm_of_handshakes_is_cut_to_the_rate()
    {
        await using var server = await StartAsync(("Tidings:Limits:HandshakesPerSecond", "50"));
        await using var control = await ControlPair.StartAsync(server.Port);
        var answers = new List<int>();
        for (var i = 0; i < 400; i++)
        {
            answers.Add((await server.HandshakeAsync("/ws/lobby")).Status);
        }

        Assert.Equal([101, 429], answers.Distinct().Order());
        await control.ExpectUnharmedAsync();
        server.ExpectNothingLogged();
    }
}
