using System.Text;
using System.Text.Json;
using TestKit;

namespace Tidings.Channels.Tests.Http.BadInput;

/// <summary>Line breaks and other characters that could end an event or begin another, as Hono GHSA-p6xx-57qc-3wxr and h3 GHSA-4hxc-9384-m385.
/// What a real browser makes of them: <c>EventSourceTests</c>.</summary>
public sealed class B31_EventInjection : HttpRules
{
    [Fact]
    public async Task Events_out_are_events_in_byte_for_byte()
    {
        await using var server = await StartAsync();
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?channel=chat:a");
        await stream.ExpectAsync("connected");
        foreach (var (i, text) in EventBreakers.Texts.Index())
        {
            // As the client's own words, escaped and raw where JSON allows it, and in the place of names.
            var json = JsonSerializer.Serialize(text);
            var key = JsonSerializer.Serialize(text.Length > 0 ? text : "k");
            await CommandAsync(server, $$"""{"type":"publish","channel":"chat:a","data":{"t":{{json}}},"key":{{key}}}""");
            var message = await stream.ExpectAsync("message");
            Assert.Equal(text, message.GetProperty("data").GetProperty("t").GetString());
            Assert.Equal($$"""{"t":{{json}}}""", message.GetProperty("data").GetRawText());
            Assert.Equal(i + 1, message.GetProperty("offset").GetInt32());
            Assert.EndsWith($",{i + 1}]]", EventStreamRules.Decode(stream.LastId), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Line_breaks_between_tokens_don_t_end_an_event_wherever_they_come_from()
    {
        await using var server = await StartAsync();
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?channel=chat:a");
        await stream.ExpectAsync("connected");
        await CommandAsync(server, "{\"type\":\"publish\",\"channel\":\"chat:a\",\"data\":[1,\r\n2,\r3,\n\n4]}");
        await stream.ExpectMessageAsync("[1,2,3,4]");

        // A log that another program wrote.
        await SayAsync(server, "chat:a", "[1,\r\n2,\r3,\n\n4]", "{\n}", "\r\n1");
        await stream.ExpectMessageAsync("[1,  2, 3,  4]");
        await stream.ExpectMessageAsync("{ }");
        await stream.ExpectMessageAsync("1");
    }

    [Theory]
    [InlineData("a\rb")]
    [InlineData("a\nb")]
    [InlineData("\0")]
    [InlineData("\u2028")]
    [InlineData("W10\u0000")]
    [InlineData("W10\r\ndata: x")]
    [InlineData("\uFEFFW10")]
    public async Task An_id_that_holds_such_is_refused(string id)
    {
        await using var server = await StartAsync();
        await ExpectProblemAsync(await EventStream.AskAsync(server.Http, "/connect?since=" + Uri.EscapeDataString(id)), 400, "bad_request");
        await ExpectProblemAsync(await GetAsync(server, "/connect?since=" + Uri.EscapeDataString(id)), 400, "bad_request");
    }

    [Fact]
    public async Task Ids_have_no_characters_but_those_of_base64url()
    {
        await using var server = await StartAsync();
        var channels = new[] { "chat:中文", "chat:न", "room:a", "chat:𝔘", "chat:a_b.c-d@e" };
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?" + string.Join('&', channels.Select(name => "channel=" + Uri.EscapeDataString(name))));
        await stream.ExpectAsync("connected");
        foreach (var channel in channels)
        {
            await SayAsync(server, channel, "1");
            await stream.ExpectMessageAsync("1");
            Assert.Matches("^[A-Za-z0-9_-]+$", stream.LastId);
        }

        await using var again = await EventStream.OpenAsync(server.Http, "/connect?" + string.Join('&', channels.Select(name => "channel=" + Uri.EscapeDataString(name))), stream.LastId);
        await again.ExpectAsync("connected");
        Assert.Equal(Encoding.ASCII.GetBytes(stream.LastId), Encoding.ASCII.GetBytes(again.LastId));
    }
}
