using Tidings.Client.Tests.World;
using TestKit;

namespace Tidings.Client.Tests.Units;

/// <summary>Ended twice is ended; what is asked of an ended client is answered.</summary>
public sealed class DisposalTests
{
    [Fact]
    public async Task A_client_is_disposed_as_often_as_one_likes()
    {
        var server = new ScriptedServer();
        var client = server.Client();
        var closed = 0;
        client.StateChanged += change => closed += change.State == ClientState.Closed ? 1 : 0;
        var room = client.Subscribe("chat:a");
        var resource = client.Resource<int>("items");
        var reporter = client.ReportTask("t1");
        await server.ConnectAsync();
        await Task.WhenAll(client.DisposeAsync().AsTask(), client.DisposeAsync().AsTask());
        await client.DisposeAsync();
        for (var i = 0; i < 2; i++)
        {
            await room.DisposeAsync();
            await resource.DisposeAsync();
            await reporter.DisposeAsync();
        }

        Assert.Equal(1, closed);
    }

    [Fact]
    public async Task A_client_that_never_connected_is_closed_once()
    {
        var client = new ScriptedServer().Client();
        var closed = 0;
        client.StateChanged += _ => closed++;
        await client.DisposeAsync();
        await client.DisposeAsync();
        Assert.Equal(1, closed);
    }

    [Fact]
    public async Task Whatever_is_asked_of_a_client_that_is_away_for_good_fails()
    {
        var server = new ScriptedServer();
        await using var client = server.Client();
        var room = client.Subscribe("chat:a");
        var waiting = client.CallJsonAsync("pay");
        (await server.ConnectAsync()).End(4003, "Forbidden");
        await Assert.ThrowsAnyAsync<TidingsException>(() => waiting);
        await Eventually.EqualAsync(ClientState.Closed, () => client.State, "The state");
        Func<Task>[] calls =
        [
            () => client.PublishAsync("chat:a", 1), () => client.CallJsonAsync("pay"), () => client.SendAsync("ann", 1), () => client.HistoryAsync("chat:a"),
            () => client.PresenceAsync("chat:a"), () => client.WatchTask("t1").WaitAsync(), () => room.WaitAsync(), () => new Listener(room).Reading,
        ];
        foreach (var call in calls)
        {
            Assert.Equal(4003, (await Assert.ThrowsAsync<TidingsDisconnectedException>(() => call().WaitAsync(Eventually.Limit))).Reason.Code);
        }

        Assert.Throws<TidingsDisconnectedException>(() => client.Subscribe("chat:b"));
        await client.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.PublishAsync("chat:a", 1));
    }
}
