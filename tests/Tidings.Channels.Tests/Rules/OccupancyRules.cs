using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.EndToEnd.Tests.Security;
using Tidings.Security.Tokens;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Rules;

/// <summary>How many subscribe, told to those who asked for it.</summary>
public abstract class OccupancyRules(string pump) : ServerTests(pump)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ManualTime _time = new();

    [Fact]
    public async Task It_is_told_once_a_second_where_it_has_changed()
    {
        await using var server = await StartAsync(_time);
        await using var quiet = await ChannelClient.ConnectAsync(server);
        await quiet.SubscribeAsync("chat:a");
        await using var watcher = await ChannelClient.ConnectAsync(server);
        await watcher.SubscribeAsync("chat:a", ",\"occupancy\":true");
        await watcher.ExpectNothingAsync();
        _time.Advance(Second);
        await watcher.ExpectAsync("""{"type":"occupancy","channel":"chat:a","subscribers":2}""");
        _time.Advance(Second);
        await watcher.ExpectNothingAsync();
        var others = new List<ChannelClient>();
        for (var i = 0; i < 3; i++)
        {
            others.Add(await ChannelClient.ConnectAsync(server));
            await others[i].SubscribeAsync("chat:a");
        }

        await watcher.ExpectNothingAsync();
        _time.Advance(Second);
        await watcher.ExpectAsync("""{"type":"occupancy","channel":"chat:a","subscribers":5}""");
        await others[0].AskAsync("""{"type":"unsubscribe","channel":"chat:a"}""");
        await using var late = await ChannelClient.ConnectAsync(server);
        await late.AskAsync("""{"type":"subscribe","channels":[{"channel":"chat:a","occupancy":true}]}""");
        _time.Advance(Second);
        await watcher.ExpectAsync("""{"type":"occupancy","channel":"chat:a","subscribers":5}""");
        await late.ExpectAsync("""{"type":"occupancy","channel":"chat:a","subscribers":5}""");
        await quiet.ExpectNothingAsync();
        foreach (var one in others.Append(watcher).Append(late))
        {
            await one.AskAsync("""{"type":"unsubscribe","channel":"chat:a"}""");
            await one.DisposeAsync();
        }
    }

    [Fact]
    public async Task Who_may_not_know_it_cannot_ask_for_it()
    {
        await using var server = await StartAsync(_time, TokenMaker.Settings, ("Tidings:UnmatchedChannels", "open"));
        var tokens = new TokenMaker(_time);
        await using var socket = await server.ConnectAsync("/connect?ping=frame&token=" + tokens.Make("ann", channels: ("chat:*", TokenActions.Subscribe)));
        await socket.ReceiveTextAsync();
        await socket.SendTextAsync("""{"type":"subscribe","channel":"chat:a","occupancy":true}""");
        await socket.ExpectTextAsync("""{"type":"error","code":"not_allowed","error":"Not allowed"}""");
        await socket.SendTextAsync("""{"type":"subscribe","id":1,"channel":"chat:a","occupancy":"yes"}""");
        await socket.ExpectTextAsync("""{"type":"error","id":1,"code":"bad_request","error":"Invalid message format","details":[{"field":"occupancy","message":"must be true or false"}]}""");
        await socket.SendTextAsync("""{"type":"subscribe","channel":"chat:a"}""");
        Assert.StartsWith("""{"type":"subscribed",""", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
    }
}
