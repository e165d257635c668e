using TestKit;

namespace Tidings.Channels.Tests.Http.BadInput;

/// <summary>Polls that are repeated, run beside each other, or are somebody else's. There is no session to steal: each says where it stands and who comes.</summary>
public sealed class B46_PollAbuse : HttpRules
{
    [Fact]
    public async Task Two_polls_from_one_position_both_get_all_and_the_same()
    {
        await using var server = await StartAsync();
        var position = PositionOf(await PollAsync(server, "wait=0&channel=chat:a"));
        var polls = Enumerable.Range(0, 10).Select(_ => PollAsync(server, $"channel=chat:a&wait=60&since={position}")).ToList();
        await Eventually.EqualAsync(10, () => server.Registry.Count, "The number of connections");
        await SayAsync(server, "chat:a", "1");
        foreach (var poll in polls)
        {
            Assert.Equal(["1"], DataOf(await poll));
        }

        // A replayed one, long after.
        await SayAsync(server, "chat:a", "2");
        Assert.Equal(["1", "2"], DataOf(await PollAsync(server, $"channel=chat:a&since={position}")));
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task The_position_of_another_user_gives_nothing_that_is_not_ones_own()
    {
        await using var server = await StartAsync();
        var anns = PositionOf(await PollAsync(server, "wait=0", "ann"));
        await SayAsync(server, "user:ann", "\"for ann\"");
        Assert.Equal(["\"for ann\""], DataOf(await PollAsync(server, $"since={anns}", "ann")));
        Assert.Empty(DataOf(await PollAsync(server, $"since={anns}", "bob")));
        Assert.Empty(DataOf(await PollAsync(server, $"since={anns}")));
        await ExpectProblemAsync(await GetAsync(server, $"/connect?channel=user:ann&since={anns}", "bob"), 403, "not_allowed");
        await ExpectProblemAsync(await EventStream.AskAsync(server.Http, "/connect?channel=user:ann", anns), 401, "unauthorized");
    }

    [Fact]
    public async Task A_request_that_dribbles_in_holds_no_place()
    {
        await using var server = await StartAsync(("Tidings:Limits:ConnectionsPerIp", "2"));
        await using var control = await ControlPair.StartAsync(server.Port);
        var dribbling = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => RawTcp.ConnectAsync(server.Port)));
        foreach (var b in "GET /connect?wait=60&channel=chat:a HTTP/1.1\r\nHost: x"u8.ToArray())
        {
            foreach (var tcp in dribbling)
            {
                await tcp.SendAsync(new[] { b });
            }
        }

        await PollAsync(server, "wait=0");
        await control.ExpectUnharmedAsync();
        foreach (var tcp in dribbling)
        {
            await tcp.DisposeAsync();
        }
    }
}
