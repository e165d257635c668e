using System.Text.Json;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.Channels.Tests.Rules;

/// <summary>Names of events, messages that are not for all, and who published.</summary>
public abstract class EventRules(string pump) : ServerTests(pump)
{
    private static readonly (string, string?)[] Publisher =
        [("Tidings:Channels:0:Pattern", "chat:*"), ("Tidings:Channels:0:Publish", "anyone"), ("Tidings:Channels:0:Publisher", "true")];

    [Fact]
    public async Task A_message_bears_the_name_of_its_event_live_and_in_the_history()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SubscribeAsync("chat:a");
        await client.SendAsync("""{"type":"publish","channel":"chat:a","data":1,"event":"order paid 支付"}""", """{"type":"publish","channel":"chat:a","data":2}""");
        var all = await TakeAsync(client, 4);
        Assert.Contains(all, static text => text.StartsWith("""{"type":"message","channel":"chat:a","offset":1,"event":"order paid 支付","data":1,"time":""", StringComparison.Ordinal));
        Assert.Contains(all, static text => text.StartsWith("""{"type":"message","channel":"chat:a","offset":2,"data":2,"time":""", StringComparison.Ordinal));
        var history = await client.AskAsync("""{"type":"history","channel":"chat:a"}""");
        Assert.Equal(["order paid 支付", null], history.GetProperty("messages").EnumerateArray().Select(static message => ChannelClient.Text(message, "event")));
    }

    [Fact]
    public async Task An_event_may_be_ephemeral_and_in_a_text_room_it_is_the_text_alone()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SubscribeAsync("room:lobby");
        await using var room = await server.ConnectAsync("/ws/lobby");
        await client.SendAsync("""{"type":"publish","channel":"room:lobby","data":"x","event":"typing","ephemeral":true}""");
        await room.ExpectTextAsync("[lobby] x");
        Assert.Contains(await TakeAsync(client, 2), static text => text.StartsWith("""{"type":"message","channel":"room:lobby","event":"typing","data":"x","time":""", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_excepts_itself_does_not_hear_it_and_all_others_do()
    {
        await using var server = await StartAsync();
        await using var speaker = await ChannelClient.ConnectAsync(server);
        await using var other = await ChannelClient.ConnectAsync(server);
        await using var room = await server.ConnectAsync("/ws/lobby");
        await speaker.SubscribeAsync("room:lobby");
        await other.SubscribeAsync("room:lobby");
        var answer = await speaker.AskAsync("""{"type":"publish","id":1,"channel":"room:lobby","data":"one","except":true}""");
        Assert.Equal(("published", 1), (ChannelClient.Text(answer, "type"), answer.GetProperty("offset").GetInt32()));
        await speaker.ExpectNothingAsync();
        Assert.StartsWith("""{"type":"message","channel":"room:lobby","offset":1,"data":"one",""", await other.ReceiveAsync(), StringComparison.Ordinal);
        await room.ExpectTextAsync("[lobby] one");

        // The next one follows on it: nothing is missing.
        await other.SendAsync("""{"type":"publish","channel":"room:lobby","data":"two"}""");
        Assert.StartsWith("""{"type":"message","channel":"room:lobby","offset":2,"data":"two",""", await speaker.ReceiveAsync(), StringComparison.Ordinal);
        await speaker.ExpectNothingAsync();
    }

    [Fact]
    public async Task It_is_kept_and_a_later_connection_recovers_it()
    {
        await using var server = await StartAsync();
        await using var speaker = await ChannelClient.ConnectAsync(server);
        var epoch = await speaker.SubscribeAsync("chat:a");
        await speaker.AskAsync("""{"type":"publish","channel":"chat:a","data":"one","except":true}""");
        var history = await speaker.AskAsync("""{"type":"history","channel":"chat:a"}""");
        Assert.Equal("one", history.GetProperty("messages")[0].GetProperty("data").GetString());
        await using var later = await ChannelClient.ConnectAsync(server);
        var answer = await later.AskAsync($$$"""{"type":"subscribe","channel":"chat:a","since":{"epoch":"{{{epoch}}}","offset":0}}""");
        Assert.True(answer.GetProperty("recovered").GetBoolean());
        Assert.StartsWith("""{"type":"message","channel":"chat:a","offset":1,"data":"one",""", await later.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_excepted_message_among_others_of_one_turn_leaves_their_order_alone()
    {
        await using var server = await StartAsync();
        await using var speaker = await ChannelClient.ConnectAsync(server);
        await using var other = await ChannelClient.ConnectAsync(server);
        await speaker.SubscribeAsync("chat:a");
        await other.SubscribeAsync("chat:a");
        await speaker.SendAsync(Enumerable.Range(1, 60).Select(static i => $$"""{"type":"publish","channel":"chat:a","data":{{i}}{{(i % 3 == 0 ? ",\"except\":true" : "")}}}"""));
        Assert.Equal(Enumerable.Range(1, 60), await OffsetsAsync(other, 60));
        Assert.Equal(Enumerable.Range(1, 60).Where(static i => i % 3 != 0), await OffsetsAsync(speaker, 40));
        await other.ExpectNothingAsync();
    }

    [Fact]
    public async Task Said_in_passing_it_passes_the_speaker_too()
    {
        await using var server = await StartAsync();
        await using var speaker = await ChannelClient.ConnectAsync(server);
        await using var other = await ChannelClient.ConnectAsync(server);
        await speaker.SubscribeAsync("chat:a");
        await other.SubscribeAsync("chat:a", ",\"conflate\":true");
        Assert.Equal("published", ChannelClient.Text(await speaker.AskAsync("""{"type":"publish","channel":"chat:a","data":1,"ephemeral":true,"except":true}"""), "type"));
        await speaker.ExpectNothingAsync();
        Assert.Contains("\"data\":1", await other.ReceiveAsync());
    }

    [Fact]
    public async Task The_connection_that_published_is_told_where_the_kind_says_so()
    {
        await using var server = await StartAsync(Publisher);
        await using var speaker = await ChannelClient.ConnectAsync(server);
        await using var other = await ChannelClient.ConnectAsync(server);
        await other.SubscribeAsync("chat:a");
        await speaker.AskAsync("""{"type":"publish","channel":"chat:a","data":1}""");
        Assert.Equal(speaker.Id, ChannelClient.Text(await other.ReceiveJsonAsync(), "connection"));
        var history = await other.AskAsync("""{"type":"history","channel":"chat:a"}""");
        Assert.Equal(speaker.Id, ChannelClient.Text(history.GetProperty("messages")[0], "connection"));
        await server.Services.Node.Facade.PublishJsonAsync("chat:a", "2"u8.ToArray());
        Assert.Null(ChannelClient.Text(await other.ReceiveJsonAsync(), "connection"));
    }

    [Fact]
    public async Task It_is_not_told_elsewhere()
    {
        await using var server = await StartAsync();
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SubscribeAsync("chat:a");
        await client.SendAsync("""{"type":"publish","channel":"chat:a","data":1}""");
        Assert.DoesNotContain(await TakeAsync(client, 2), static text => text.Contains("\"connection\""));
    }

    [Fact]
    public async Task The_server_excepts_connections_and_nobody_else_of_that_name()
    {
        await using var server = await StartAsync();
        await using var one = await ChannelClient.ConnectAsync(server);
        await using var other = await ChannelClient.ConnectAsync(server);
        await one.SubscribeAsync("chat:a");
        await other.SubscribeAsync("chat:a");
        await server.Services.Node.Facade.PublishJsonAsync("chat:a", "1"u8.ToArray(), new PublishOptions { Except = [one.Id, "nobody"], Event = "e" });
        Assert.Contains("\"event\":\"e\",\"data\":1", await other.ReceiveAsync());
        await one.ExpectNothingAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => server.Services.Node.Facade.PublishJsonAsync("chat:a", "1"u8.ToArray(), new PublishOptions { Except = [.. Enumerable.Range(0, 101).Select(static i => $"{i}")] }).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => server.Services.Node.Facade.PublishJsonAsync("chat:a", "1"u8.ToArray(), new PublishOptions { Except = [""] }).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => server.Services.Node.Facade.PublishJsonAsync("chat:a", "1"u8.ToArray(), new PublishOptions { Event = "a\nb" }).AsTask());
    }

    private static async Task<List<string>> TakeAsync(ChannelClient client, int count)
    {
        var taken = new List<string>();
        while (taken.Count < count)
        {
            taken.Add(await client.ReceiveAsync());
        }

        return taken;
    }

    // Of so many messages, whatever else comes between them.
    private static async Task<List<int>> OffsetsAsync(ChannelClient client, int count)
    {
        var offsets = new List<int>();
        while (offsets.Count < count)
        {
            var frame = JsonDocument.Parse(await client.ReceiveAsync()).RootElement;
            Assert.NotEqual("gap", ChannelClient.Text(frame, "type"));
            if (ChannelClient.Text(frame, "type") == "message")
            {
                offsets.Add(frame.GetProperty("offset").GetInt32());
            }
        }

        return offsets;
    }
}
