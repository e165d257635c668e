using TestKit;
using Tidings.CommandLine.Tests.Infrastructure;

namespace Tidings.CommandLine.Tests.Remote;

/// <summary><c>tidings events</c>.</summary>
public sealed class EventsTests
{
    [Fact]
    public async Task It_lists_who_is_told_and_follows_what_is_told()
    {
        await using var receiver = await EventBackEnd.StartAsync();
        await using var server = await LocalServer.StartAsync(("Tidings:Events:0:Url", receiver.Url), ("Tidings:Events:0:Secret", EventBackEnd.Secret));
        var name = new Uri(receiver.Url).Authority + "/events";
        await using var tool = Tool.Start(["events", "--follow", "--json", "--url", server.Url]);
        using var comers = new CancellationTokenSource();
        var coming = ComeAndGoAsync(server, comers.Token);
        var told = await tool.JsonAsync();
        await comers.CancelAsync();
        await coming.ContinueWith(static _ => { }, TaskScheduler.Default);
        Assert.Equal((name, "delivered"), (told.GetProperty("receiver").GetString(), told.GetProperty("outcome").GetString()));
        Assert.Matches("^(connection|channel|member)\\.", told.GetProperty("event").GetProperty("type").GetString());
        await tool.SignalAsync("INT");
        Assert.Equal(130, (await tool.EndAsync()).Code);

        var listed = await server.RunAsync("events");
        Assert.Contains(name, listed.Text, StringComparison.Ordinal);
        Assert.Contains("telling", listed.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nobody_is_told_it_says_what_to_set()
    {
        await using var server = await LocalServer.StartAsync();
        var end = await server.RunAsync("events", "--follow");
        Assert.Equal(1, end.Code);
        Assert.Contains("Nobody is told of events there: Tidings:Events:0:Url names a back end that is.", end.Errors, StringComparison.Ordinal);
    }

    private static async Task ComeAndGoAsync(LocalServer server, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await using (await RawWebSocket.ConnectAsync(server.Port, "/connect"))
            {
                await Task.Delay(200, cancellationToken);
            }
        }
    }
}
