using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Rules;

/// <summary>Who listens: lists, joins and leaves.</summary>
public abstract class PresenceRules(string pump) : ServerTests(pump)
{
    private static readonly (string, string?)[] Settings =
    [
        ("Tidings:Channels:0:Pattern", "lobby:*"), ("Tidings:Channels:0:Presence", "true"), ("Tidings:Channels:1:Pattern", "*"),
    ];

    private readonly ManualTime _time = new();

    [Fact]
    public async Task Joins_and_leaves_are_told_to_who_asked_for_them()
    {
        await using var server = await StartAsync(_time, Settings);
        await using var watcher = await ChannelClient.ConnectAsync(server);
        await using var quiet = await ChannelClient.ConnectAsync(server);
        var subscribed = await watcher.AskAsync("""{"type":"subscribe","channel":"lobby:1","presence":true}""");
        Assert.Equal($$"""{"members":[{"user":"~{{watcher.Id}}","connections":1}],"count":1}""", subscribed.GetProperty("presence").GetRawText());
        await quiet.SubscribeAsync("lobby:1");
        await watcher.ExpectAsync($$$"""{"type":"join","channel":"lobby:1","member":{"user":"~{{{quiet.Id}}}","connections":1}}""");
        await quiet.ExpectNothingAsync();
        await using (var other = await ChannelClient.ConnectAsync(server))
        {
            await other.SubscribeAsync("lobby:1");
            await watcher.ExpectAsync($$$"""{"type":"join","channel":"lobby:1","member":{"user":"~{{{other.Id}}}","connections":1}}""");
            await other.SendAsync("""{"type":"unsubscribe","channel":"lobby:1"}""");
            await other.ReceiveAsync();
            await watcher.ExpectNothingAsync();
            _time.Advance(TimeSpan.FromSeconds(5));
            await watcher.ExpectAsync($$$"""{"type":"leave","channel":"lobby:1","member":{"user":"~{{{other.Id}}}","connections":0}}""");
        }

        await quiet.ExpectNothingAsync();
    }

    [Fact]
    public async Task The_list_has_who_is_there_and_a_limit()
    {
        await using var server = await StartAsync(_time, Settings);
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SendAsync("""{"type":"presence","id":1,"channel":"lobby:1"}""");
        await client.ExpectAsync("""{"type":"presence","id":1,"channel":"lobby:1","members":[],"count":0}""");
        var others = new List<ChannelClient>();
        for (var i = 0; i < 5; i++)
        {
            others.Add(await ChannelClient.ConnectAsync(server));
            await others[i].SubscribeAsync("lobby:1");
        }

        var list = await client.AskAsync("""{"type":"presence","channel":"lobby:1","limit":2}""");
        Assert.Equal((2, 5), (list.GetProperty("members").GetArrayLength(), list.GetProperty("count").GetInt32()));
        foreach (var other in others)
        {
            await other.DisposeAsync();
        }

        await Eventually.EqualAsync(1, () => server.Registry.Count, "The number of connections");
        _time.Advance(TimeSpan.FromSeconds(5));
        list = await client.AskAsync("""{"type":"presence","channel":"lobby:1"}""");
        Assert.Equal(0, list.GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Where_it_is_not_kept_nobody_is_told()
    {
        await using var server = await StartAsync(_time, Settings);
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.ExpectErrorAsync("""{"type":"presence","channel":"chat:a"}""", "not_allowed", "Not allowed");
        var subscribed = await client.AskAsync("""{"type":"subscribe","channel":"chat:a","presence":true}""");
        Assert.False(subscribed.TryGetProperty("presence", out _));
    }
}
