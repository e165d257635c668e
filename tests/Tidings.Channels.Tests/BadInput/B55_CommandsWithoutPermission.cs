using System.Text.Json;
using TestKit;
using Tidings.Channels.Tests.Rules;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.EndToEnd.Tests.Security;
using Tidings.Security.Tokens;

namespace Tidings.Channels.Tests.BadInput;

/// <summary>Every command by nobody and by a token that grants nothing: it is refused, and nothing is learnt; and who may send direct messages is who was allowed to.</summary>
public abstract class B55_CommandsWithoutPermission(string pump) : ServerTests(pump)
{
    private const string No = """{"type":"error","code":"not_allowed","error":"Not allowed"}""";

    private static readonly TokenMaker Tokens = new(TimeProvider.System);

    public sealed class OverLanes() : B55_CommandsWithoutPermission(Pump.Lanes);

    public sealed class OverStreams() : B55_CommandsWithoutPermission(Pump.Streams);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nobody_and_a_token_that_grants_nothing_get_nothing_and_learn_nothing(bool withToken)
    {
        await using var server = await StartAsync(TokenMaker.Settings, ("Tidings:UnmatchedChannels", "closed"));
        await using var ann = await server.ConnectAsync("/connect?ping=frame&token=" + Tokens.Make("ann"));
        var id = JsonDocument.Parse(await ann.ReceiveTextAsync()).RootElement.GetProperty("connection").GetString();
        await using var eve = await server.ConnectAsync("/connect?ping=frame" + (withToken ? "&token=" + Tokens.Make("eve", channels: ("none", TokenActions.None)) : ""));
        await eve.ReceiveTextAsync();
        foreach (var to in new[] { "ann", id, "nobody" })
        {
            await eve.SendTextAsync($$"""{"type":"send","to":"{{to}}","data":"psst"}""");
            await eve.ExpectTextAsync(No);
        }

        foreach (var channel in new[] { "user:ann", "other", "news:a" })
        {
            foreach (var command in new[] { "subscribe", "publish", "history", "presence", "track" })
            {
                await eve.SendTextAsync($$"""{"type":"{{command}}","channel":"{{channel}}","data":1,"info":1}""");
                await eve.ExpectTextAsync(No);
            }
        }

        await eve.SendTextAsync("""{"type":"call","method":"any"}""");
        await eve.ExpectTextAsync(No);
        await ann.SendTextAsync("""{"type":"ping"}""");
        await ann.ExpectTextAsync("""{"type":"pong"}""");
    }

    [Theory]
    [InlineData("users")]
    [InlineData("anyone")]
    public async Task Who_may_send_is_named_and_does_not_learn_who_is_there(string send)
    {
        await using var server = await StartAsync(TokenMaker.Settings, ("Tidings:Send", send));
        await using var ann = await ConnectAsync(server, Tokens.Make("ann"));
        await using var bob = await ConnectAsync(server, Tokens.Make("bob"));
        foreach (var to in new[] { "ann", "nobody" })
        {
            await bob.SendTextAsync($$"""{"type":"send","to":"{{to}}","data":1}""");
            await bob.ExpectTextAsync("""{"type":"sent"}""");
        }

        await ann.ExpectTextAsync("""{"type":"direct","from":"bob","data":1}""");
        await using var nobody = await ChannelClient.ConnectAsync(server);
        await nobody.SendAsync("""{"type":"send","to":"ann","data":2,"from":"bob","connection":"x"}""");
        await nobody.ExpectAsync(send == "anyone" ? """{"type":"sent"}""" : No);
        await server.Services.Node.Facade.SendToUserAsync("ann", 3);
        if (send == "anyone")
        {
            await ann.ExpectTextAsync($$"""{"type":"direct","connection":"{{nobody.Id}}","data":2}""");
        }

        await ann.ExpectTextAsync("""{"type":"direct","data":3}""");
    }

    [Fact]
    public async Task A_token_may_let_its_bearer_send_or_forbid_it()
    {
        await using var server = await StartAsync(TokenMaker.Settings);
        await using var may = await ConnectAsync(server, Tokens.MakeSender("may", send: true));
        await may.SendTextAsync("""{"type":"send","to":"may","data":1}""");
        string[] heard = [await may.ReceiveTextAsync(), await may.ReceiveTextAsync()];
        Assert.Equal(["""{"type":"direct","from":"may","data":1}""", """{"type":"sent","delivered":1}"""], heard.Order());
        await using var open = await StartAsync(TokenMaker.Settings, ("Tidings:Send", "anyone"));
        await using var mayNot = await ConnectAsync(open, Tokens.MakeSender("may-not", send: false));
        await mayNot.SendTextAsync("""{"type":"send","to":"may-not","data":1}""");
        await mayNot.ExpectTextAsync(No);
    }

    [Fact]
    public async Task Those_who_may_see_presence_are_told_how_many_it_reached()
    {
        await using var server = await StartAsync(TokenMaker.Settings, ("Tidings:Send", "users"));
        await using var ann = await ConnectAsync(server, Tokens.Make("ann"));
        await using var bob = await ConnectAsync(server, Tokens.Make("bob", channels: ("user:*", TokenActions.Presence)));
        await bob.SendTextAsync("""{"type":"send","id":1,"to":"ann","data":1}""");
        await bob.ExpectTextAsync("""{"type":"sent","id":1,"delivered":1}""");
        await bob.SendTextAsync("""{"type":"send","id":2,"to":"nobody","data":1}""");
        await bob.ExpectTextAsync("""{"type":"sent","id":2,"delivered":0}""");
        await ann.ExpectTextAsync("""{"type":"direct","from":"bob","data":1}""");
    }

    private static async Task<RawWebSocket> ConnectAsync(TestServer server, string token)
    {
        var socket = await server.ConnectAsync("/connect?ping=frame&token=" + token);
        await socket.ReceiveTextAsync();
        return socket;
    }
}
