using System.Text.Json;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Rules;

/// <summary>What members say of themselves: <c>info</c>, <c>track</c> and <c>update</c>.</summary>
public abstract class TrackRules(string pump) : ServerTests(pump)
{
    private static readonly (string, string?)[] Settings =
    [
        ("Tidings:Channels:0:Pattern", "board:*"), ("Tidings:Channels:0:Presence", "true"), ("Tidings:Channels:0:PresenceInfo", "true"), ("Tidings:Channels:0:PresenceGrace", "0"),
        ("Tidings:Channels:1:Pattern", "cursors:*"), ("Tidings:Channels:1:Presence", "true"), ("Tidings:Channels:1:PresenceInfo", "true"), ("Tidings:Channels:1:PresencePer", "connection"),
        ("Tidings:Channels:2:Pattern", "lobby:*"), ("Tidings:Channels:2:Presence", "true"),
        ("Tidings:Channels:3:Pattern", "*"),
    ];

    private readonly ManualTime _time = new();

    [Fact]
    public async Task What_a_member_says_is_listed_and_told_to_those_who_asked_for_presence()
    {
        await using var server = await StartAsync(_time, Settings);
        await using var watcher = await ChannelClient.ConnectAsync(server);
        await using var ann = await ChannelClient.ConnectAsync(server);
        await using var quiet = await ChannelClient.ConnectAsync(server);
        await watcher.SubscribeAsync("board:1", ",\"presence\":true");
        await quiet.SubscribeAsync("board:1");
        await watcher.ReceiveAsync();
        await ann.SubscribeAsync("board:1", ",\"info\":{\"at\":\n[1, 2]}");
        await watcher.ExpectAsync($$$$"""{"type":"join","channel":"board:1","member":{"user":"~{{{{ann.Id}}}}","connections":1,"info":{"at":[1, 2]}}}""");
        await ann.SendAsync("""{"type":"track","id":7,"channel":"board:1","info":"typing"}""");
        await ann.ExpectAsync("""{"type":"tracked","id":7,"channel":"board:1"}""");
        await watcher.ExpectAsync($$$"""{"type":"update","channel":"board:1","member":{"user":"~{{{ann.Id}}}","connections":1,"info":"typing"}}""");
        var list = await quiet.AskAsync("""{"type":"presence","channel":"board:1"}""");
        Assert.Contains($$"""{"user":"~{{ann.Id}}","connections":1,"info":"typing"}""", list.GetProperty("members").GetRawText(), StringComparison.Ordinal);
        await ann.SendAsync("""{"type":"track","channel":"board:1","info":null}""");
        await ann.ExpectAsync("""{"type":"tracked","channel":"board:1"}""");
        await watcher.ExpectAsync($$$"""{"type":"update","channel":"board:1","member":{"user":"~{{{ann.Id}}}","connections":1}}""");
        await ann.SendAsync("""{"type":"unsubscribe","channel":"board:1"}""");
        await watcher.ExpectAsync($$$"""{"type":"leave","channel":"board:1","member":{"user":"~{{{ann.Id}}}","connections":0}}""");
        await quiet.ExpectNothingAsync();
    }

    [Fact]
    public async Task Each_connection_of_a_kind_that_says_so_is_a_member()
    {
        await using var server = await StartAsync(_time, Settings);
        await using var watcher = await ChannelClient.ConnectAsync(server);
        await using var other = await ChannelClient.ConnectAsync(server);
        var subscribed = await watcher.AskAsync("""{"type":"subscribe","channels":[{"channel":"cursors:1","presence":true,"info":[0]}]}""");
        Assert.Equal($$"""{"members":[{"user":"~{{watcher.Id}}","connection":"{{watcher.Id}}","info":[0]}],"count":1}""", subscribed.GetProperty("presence").GetRawText());
        await other.SubscribeAsync("cursors:1");
        await watcher.ExpectAsync($$$"""{"type":"join","channel":"cursors:1","member":{"user":"~{{{other.Id}}}","connection":"{{{other.Id}}}"}}""");
        await other.AskAsync("""{"type":"track","channel":"cursors:1","info":[1,1]}""");
        await watcher.ExpectAsync($$$"""{"type":"update","channel":"cursors:1","member":{"user":"~{{{other.Id}}}","connection":"{{{other.Id}}}","info":[1,1]}}""");
    }

    [Theory]
    [InlineData("lobby:1", "Not allowed")]
    [InlineData("other", "Not allowed")]
    [InlineData("board:2", "Not subscribed")]
    [InlineData("user:ann", "Not allowed")]
    public async Task Who_has_no_member_there_cannot_track(string channel, string error)
    {
        await using var server = await StartAsync(_time, Settings);
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.ExpectErrorAsync($$"""{"type":"track","channel":"{{channel}}","info":1}""", "not_allowed", error);
    }

    [Fact]
    public async Task Where_the_kind_does_not_say_so_info_is_what_the_server_was_told()
    {
        await using var server = await StartAsync(_time, Settings);
        await using var client = await ChannelClient.ConnectAsync(server);
        var subscribed = await client.AskAsync("""{"type":"subscribe","channel":"lobby:1","presence":true,"info":"mine"}""");
        Assert.Equal($$"""{"members":[{"user":"~{{client.Id}}","connections":1}],"count":1}""", subscribed.GetProperty("presence").GetRawText());
        await client.ExpectErrorAsync("""{"type":"track","channel":"lobby:1","info":1}""", "not_allowed", "Not allowed");
    }

    public static TheoryData<string, string> Unfit => new()
    {
        { $"\"{new string('x', 4096)}\"", "has more than 4096 bytes" },
        { "\"\\ud800\"", "has an escape that names no character, as \\ud800 alone" },
        { "{\"a\":[{\"\\udfff\":1}]}", "has an escape that names no character, as \\ud800 alone" },
        { new string('[', 33) + new string(']', 33), "is nested deeper than 32 levels" },
    };

    [Theory]
    [MemberData(nameof(Unfit))]
    public async Task What_is_unfit_to_be_shown_is_refused_with_the_field(string info, string fault)
    {
        await using var server = await StartAsync(_time, Settings);
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SubscribeAsync("board:1", ",\"presence\":true");
        foreach (var command in new[] { $$"""{"type":"track","channel":"board:1","info":{{info}}}""", $$"""{"type":"subscribe","channel":"board:2","info":{{info}}}""" })
        {
            var refusal = await client.AskAsync(command);
            Assert.Equal("bad_request", ChannelClient.Text(refusal, "code"));
            Assert.Equal(("info", fault), (ChannelClient.Text(refusal.GetProperty("details")[0], "field"), ChannelClient.Text(refusal.GetProperty("details")[0], "message")));
        }

        await client.ExpectNothingAsync();
        var largest = $"\"{new string('x', 4094)}\"";
        Assert.Equal("tracked", ChannelClient.Text(await client.AskAsync($$"""{"type":"track","channel":"board:1","info":{{largest}}}"""), "type"));
    }

    [Fact]
    public async Task A_track_without_info_is_refused_and_a_field_of_that_name_elsewhere_is_passed_over()
    {
        await using var server = await StartAsync(_time, Settings);
        await using var client = await ChannelClient.ConnectAsync(server);
        Assert.Equal("""[{"field":"info","message":"is missing"}]""", (await client.AskAsync("""{"type":"track","channel":"board:1"}""")).GetProperty("details").GetRawText());
        Assert.Equal("""[{"field":"channel","message":"is missing"}]""", (await client.AskAsync("""{"type":"track","info":1}""")).GetProperty("details").GetRawText());
        Assert.Equal("pong", ChannelClient.Text(await client.AskAsync($$"""{"type":"ping","info":"{{new string('x', 5000)}}"}"""), "type"));
    }

    [Fact]
    public async Task A_hundred_a_second_are_more_than_the_rate_lets_pass()
    {
        await using var server = await StartAsync(_time, [.. Settings, ("Tidings:Limits:MessagesPerSecond", "50"), ("Tidings:Limits:MessageBurst", "50")]);
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SubscribeAsync("board:1");
        await client.SendAsync(Enumerable.Range(0, 100).Select(static i => $$"""{"type":"track","channel":"board:{{1 + (i % 2)}}","info":{{i}}}"""));
        var answers = new List<JsonElement>();
        for (var i = 0; i < 100; i++)
        {
            answers.Add(await client.ReceiveJsonAsync());
        }

        Assert.Equal(
            [("not_allowed", 25), ("rate_limited", 50), ("tracked", 25)],
            answers.GroupBy(static answer => ChannelClient.Text(answer, "code") ?? ChannelClient.Text(answer, "type")!).Select(static group => (group.Key, group.Count())).OrderBy(static group => group.Key, StringComparer.Ordinal));
    }
}
