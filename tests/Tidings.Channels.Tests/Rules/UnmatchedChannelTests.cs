using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.EndToEnd.Tests.Security;
using Tidings.Security.Tokens;

namespace Tidings.Channels.Tests.Rules;

/// <summary>Channels that no kind matches, as a server with its configuration has them.</summary>
public sealed class UnmatchedChannelTests() : ServerTests(Pump.Lanes)
{
    private static readonly TokenMaker Tokens = new(TimeProvider.System);

    [Theory]
    [InlineData(false, null, true)]
    [InlineData(false, "closed", false)]
    [InlineData(true, null, false)]
    [InlineData(true, "open", true)]
    public async Task They_are_closed_where_authentication_is_required_or_the_option_says_so(bool required, string? unmatched, bool open)
    {
        await using var server = await StartAsync(
            TokenMaker.Settings, ("Tidings:RequireAuthentication", required ? "true" : "false"), ("Tidings:UnmatchedChannels", unmatched), ("Tidings:Channels:0:Pattern", "news:*"));
        await using var ann = await server.ConnectAsync("/connect?ping=frame&token=" + Tokens.Make("ann"));
        await ann.ReceiveTextAsync();
        foreach (var (channel, allowed) in new[] { ("other", open), ("news", open), ("chat:a", open), ("room:a", open), ("news:a", true), ("resource:items", true) })
        {
            await ann.SendTextAsync($$"""{"type":"history","channel":"{{channel}}"}""");
            Assert.StartsWith(allowed ? """{"type":"history",""" : """{"type":"error","code":"not_allowed",""", await ann.ReceiveTextAsync(), StringComparison.Ordinal);
        }

        foreach (var path in new[] { "channel=other", "channel=other&wait=0" })
        {
            using var response = await server.Http.GetAsync($"/api/messages?{path}&token={Tokens.Make("ann")}");
            Assert.Equal(open ? 200 : 403, (int)response.StatusCode);
        }

        await using var room = await server.ConnectAsync("/ws/a?token=" + Tokens.Make("ann"));
        await room.SendTextAsync("hello");
        await room.ExpectTextAsync("[a] hello");
        await using var eve = await server.ConnectAsync("/connect?ping=frame&token=" + Tokens.Make("eve", channels: ("other", TokenActions.Subscribe | TokenActions.Publish)));
        await eve.ReceiveTextAsync();
        await eve.SendTextAsync("""{"type":"subscribe","channel":"other"}""");
        Assert.StartsWith("""{"type":"subscribed",""", await eve.ReceiveTextAsync(), StringComparison.Ordinal);
        await server.Services.Node.Facade.PublishAsync("other", 1);
        Assert.StartsWith("""{"type":"message","channel":"other",""", await eve.ReceiveTextAsync(), StringComparison.Ordinal);
    }
}
