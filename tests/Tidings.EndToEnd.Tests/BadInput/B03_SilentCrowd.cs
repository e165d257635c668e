using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Connections that are opened and say nothing, or too much at once.</summary>
public abstract class B03_SilentCrowd(string pump) : ServerTests(pump)
{
    [Fact]
    public async Task Who_never_says_anything_is_gone_after_two_heartbeats()
    {
        const int Crowd = 200;
        var time = new ManualTime();
        await using var server = await StartAsync(time);
        var sockets = await Task.WhenAll(Enumerable.Range(0, Crowd).Select(_ => server.ConnectSettledAsync("/ws/lobby?ping=frame")));
        time.Advance(TimeSpan.FromSeconds(30));
        foreach (var socket in sockets)
        {
            await socket.ExpectPingAsync();
        }

        time.Advance(TimeSpan.FromSeconds(30.2));
        foreach (var socket in sockets)
        {
            await socket.ExpectCloseAsync(1001);
            await socket.DisposeAsync();
        }

        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task One_address_gets_no_more_than_its_share_and_the_others_are_untouched()
    {
        await using var server = await StartAsync(("Tidings:Limits:ConnectionsPerIp", "20"));
        await using var control = await ControlPair.StartAsync(server.Port);
        var sockets = await Task.WhenAll(Enumerable.Range(0, 120).Select(_ => server.ConnectAsync("/ws/lobby")));
        Assert.InRange(server.Registry.Count, 20, 22);
        Assert.Equal(20, server.Hub.CountMembers("room:lobby"));
        foreach (var socket in sockets)
        {
            await socket.DisposeAsync();
        }

        await Eventually.EqualAsync(2, () => server.Registry.Count, "The number of connections");
        await control.ExpectUnharmedAsync();
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task A_first_message_of_200_KB_is_refused_before_it_is_kept()
    {
        await using var server = await StartAsync(("Tidings:Limits:Preset", "small"));
        await using var control = await ControlPairOfSmallLimits(server);
        await using var socket = await server.ConnectAsync("/ws/lobby");
        await socket.SendAsync(new RawFrame(RawFrame.TextOpcode, new byte[10_000]) { ClaimedLength = 200_000 });
        await socket.ExpectCloseAsync(1009, "Message too large");
        await control.SendTextAsync("still here");
        await control.ExpectTextAsync("[control] still here");
    }

    // The rate of the small preset is too low for a pair that talks all the time.
    private static Task<RawWebSocket> ControlPairOfSmallLimits(TestServer server) =>
        server.ConnectAsync("/ws/control", new RawOptions { From = "127.0.0.99" });
}
