using System.Text;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Nodes;
using Tidings.Protocol;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Centrifuge;

public sealed class LanePumpCentrifugeChannelRules() : CentrifugeChannelRules(Pump.Lanes);

public sealed class StreamPumpCentrifugeChannelRules() : CentrifugeChannelRules(Pump.Streams);

/// <summary>Channels in the words of the Centrifuge protocol. Its own client is tested in clients/js/test/centrifuge.test.js.</summary>
public abstract class CentrifugeChannelRules(string pump) : ServerTests(pump)
{
    private static readonly (string, string?)[] On =
    [
        ("Tidings:Centrifuge:Enabled", "true"), ("Tidings:Heartbeat:Interval", "0"), ("Tidings:Centrifuge:Secret", CentrifugeClient.Secret),
        ("Tidings:Channels:0:Pattern", "team:*"), ("Tidings:Channels:0:Presence", "true"), ("Tidings:Channels:0:Publish", "anyone"), ("Tidings:Channels:0:Publisher", "true"),
        ("Tidings:Channels:1:Pattern", "chat:*"), ("Tidings:Channels:1:Publish", "anyone"),
        ("Tidings:Channels:2:Pattern", "closed:*"), ("Tidings:Channels:2:Subscribe", "server"),
        ("Tidings:Channels:3:Pattern", "passing:*"), ("Tidings:Channels:3:History", "0"),
    ];

    [Fact]
    public async Task What_was_missed_comes_with_the_answer_and_what_is_gone_is_said_to_be()
    {
        await using var server = await StartAsync(On);
        await using var client = await CentrifugeClient.ConnectAsync(server);
        var epoch = (await client.SubscribeAsync("chat:a")).GetProperty("epoch").GetString();
        await client.AskAsync("unsubscribe", """{"channel":"chat:a"}""");
        for (var i = 1; i <= 3; i++)
        {
            await server.Services.Node.Facade.PublishAsync("chat:a", i, new PublishOptions { Event = i == 3 ? "paid" : null, Key = i == 3 ? "k" : null }, TestContext.Current.CancellationToken);
        }

        var recovered = await client.SubscribeAsync("chat:a", $$""","recover":true,"offset":1,"epoch":"{{epoch}}" """);
        Assert.Equal(
            """{"recoverable":true,"positioned":true,"epoch":"~","offset":1,"was_recovering":true,"recovered":true,"publications":[{"data":2,"offset":2},{"data":3,"offset":3,"tags":{"event":"paid","key":"k"}}]}""",
            CentrifugeClient.Plain(recovered));
        await server.Services.Node.Facade.PublishAsync("chat:a", 4, cancellationToken: TestContext.Current.CancellationToken);
        await client.ExpectAsync("""{"push":{"channel":"chat:a","pub":{"data":4,"offset":4}}}""");
        foreach (var (position, whole) in new[]
        {
            ($"\"offset\":4,\"epoch\":\"{epoch}\"", true), ("\"offset\":4", true), ($"\"offset\":9,\"epoch\":\"{epoch}\"", false), ("\"offset\":1,\"epoch\":\"_\"", false),
            ($"\"offset\":18446744073709551615,\"epoch\":\"{epoch}\"", false), ($"\"offset\":1,\"epoch\":\"{new string('x', 99)}\"", false),
        })
        {
            await client.AskAsync("unsubscribe", """{"channel":"chat:a"}""");
            var again = await client.SubscribeAsync("chat:a", $",\"recover\":true,{position}");
            Assert.True(again.GetProperty("was_recovering").GetBoolean());
            Assert.Equal(whole, again.TryGetProperty("recovered", out _));
            Assert.Equal((4, false), (again.GetProperty("offset").GetInt32(), again.TryGetProperty("publications", out _)));
        }

        await client.AskAsync("unsubscribe", """{"channel":"chat:a"}""");
        await client.ExpectErrorAsync("subscribe", """{"channel":"chat:a","recover":true,"offset":1,"epoch":"_","flag":3}""", 112);
        await client.SubscribeAsync("chat:a");
    }

    [Fact]
    public async Task What_is_too_much_for_an_answer_follows_it()
    {
        await using var server = await StartAsync([.. On, ("Tidings:Limits:QueueBytes", "64KB"), ("Tidings:Channels:1:History", "1000")]);
        await using var client = await CentrifugeClient.ConnectAsync(server);
        var text = new string('x', 1000);
        for (var i = 1; i <= 400; i++)
        {
            await server.Services.Node.Facade.PublishAsync("chat:a", text, cancellationToken: TestContext.Current.CancellationToken);
        }

        var answer = await client.SubscribeAsync("chat:a", ",\"recover\":true,\"offset\":10");
        var next = answer.GetProperty("publications").EnumerateArray().Select(static publication => publication.GetProperty("offset").GetInt32()).ToList();
        Assert.InRange(next.Count, 1, 64);
        while (next.Count < 390)
        {
            next.Add((await client.ReceiveAsync()).GetProperty("push").GetProperty("pub").GetProperty("offset").GetInt32());
        }

        Assert.Equal(Enumerable.Range(11, 390), next);
    }

    [Fact]
    public async Task History_is_read_from_either_end()
    {
        await using var server = await StartAsync(On);
        await using var client = await CentrifugeClient.ConnectAsync(server);
        for (var i = 1; i <= 5; i++)
        {
            await server.Services.Node.Facade.PublishAsync("chat:a", i, cancellationToken: TestContext.Current.CancellationToken);
        }

        var all = (await client.AskAsync("history", """{"channel":"chat:a"}""")).GetProperty("history");
        Assert.Equal("""{"publications":[],"epoch":"~","offset":5}""", CentrifugeClient.Plain(all));
        var epoch = all.GetProperty("epoch").GetString();
        foreach (var (fields, expected) in new[]
        {
            ("\"limit\":2", "1,2"), ("\"limit\":-1", "1,2,3,4,5"), ("\"limit\":2,\"reverse\":true", "5,4"), ($"\"limit\":9,\"since\":{{\"offset\":3,\"epoch\":\"{epoch}\"}}", "4,5"),
            ("\"limit\":9,\"since\":{\"offset\":3}", "4,5"), ($"\"limit\":2,\"reverse\":true,\"since\":{{\"offset\":3,\"epoch\":\"{epoch}\"}}", "2,1"), ("\"limit\":1000,\"since\":{}", "1,2,3,4,5"),
        })
        {
            var history = (await client.AskAsync("history", $$"""{"channel":"chat:a",{{fields}}}""")).GetProperty("history");
            Assert.Equal(expected, string.Join(',', history.GetProperty("publications").EnumerateArray().Select(static item => item.GetProperty("data").GetRawText())));
        }

        await client.ExpectErrorAsync("history", """{"channel":"chat:a","limit":1,"since":{"offset":1,"epoch":"other"}}""", 112);
        await client.ExpectErrorAsync("history", $$$"""{"channel":"chat:a","limit":1,"since":{"offset":9,"epoch":"{{{epoch}}}"}}""", 112);
        await client.ExpectErrorAsync("history", """{"channel":"closed:a","limit":1}""", 103);
    }

    [Fact]
    public async Task Presence_is_of_connections_and_they_leave_at_once()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time, On);
        await using var ann = await CentrifugeClient.ConnectAsync(server, CentrifugeClient.Token(new { sub = "ann", info = new { name = "Ann" } }));
        await using var tab = await CentrifugeClient.ConnectAsync(server, CentrifugeClient.Token(new { sub = "ann" }));
        await using var bob = await CentrifugeClient.ConnectAsync(server);
        await ann.SubscribeAsync("team:a", ",\"join_leave\":true");
        await tab.SubscribeAsync("team:a", $",\"token\":\"{CentrifugeClient.Token(new { sub = "ann", channel = "team:a", info = new { role = "x" } })}\"");
        await ann.ExpectAsync($$$$$$"""{"push":{"channel":"team:a","join":{"info":{"user":"ann","client":"{{{{{{tab.Id}}}}}}","chan_info":{"role":"x"}}}}}""");
        await bob.SubscribeAsync("team:a");
        await ann.ExpectAsync($$$$$$"""{"push":{"channel":"team:a","join":{"info":{"user":"","client":"{{{{{{bob.Id}}}}}}"}}}}""");
        var there = (await bob.AskAsync("presence", """{"channel":"team:a"}""")).GetProperty("presence").GetProperty("presence");
        Assert.Equal(3, there.EnumerateObject().Count());
        Assert.Equal($$$$$$"""{"user":"ann","client":"{{{{{{ann.Id}}}}}}","conn_info":{"name":"Ann"}}""", there.GetProperty(ann.Id).GetRawText());
        Assert.Contains("\"num_clients\":3,\"num_users\":2", (await bob.AskAsync("presence_stats", """{"channel":"team:a"}""")).GetRawText(), StringComparison.Ordinal);
        await tab.AskAsync("unsubscribe", """{"channel":"team:a"}""");
        await ann.ExpectAsync($$$$$$"""{"push":{"channel":"team:a","leave":{"info":{"user":"ann","client":"{{{{{{tab.Id}}}}}}","chan_info":{"role":"x"}}}}}""");
        await bob.DisposeAsync();
        await ann.ExpectAsync($$$$$$"""{"push":{"channel":"team:a","leave":{"info":{"user":"","client":"{{{{{{bob.Id}}}}}}"}}}}""");
        Assert.Contains("\"num_clients\":1,\"num_users\":1", (await ann.AskAsync("presence_stats", """{"channel":"team:a"}""")).GetRawText(), StringComparison.Ordinal);
        Assert.Contains("\"num_clients\":0,\"num_users\":0", (await ann.AskAsync("presence_stats", """{"channel":"team:b"}""")).GetRawText(), StringComparison.Ordinal);
        Assert.Contains("{\"presence\":{\"presence\":{}}", "{" + (await ann.AskAsync("presence", """{"channel":"team:b"}""")).GetRawText().Split(',', 2)[1], StringComparison.Ordinal);
        await ann.ExpectErrorAsync("presence", """{"channel":"chat:a"}""", 103);
    }

    [Fact]
    public async Task A_publisher_is_named_where_the_kind_says_so_and_hears_itself()
    {
        await using var server = await StartAsync(On);
        await using var ann = await CentrifugeClient.ConnectAsync(server, CentrifugeClient.Token(new { sub = "ann" }));
        await ann.SubscribeAsync("team:a");
        await ann.SendAsync("""{"id":9,"publish":{"channel":"team:a","data":"é"}}""");
        string[] lines = [await ann.Socket.ReceiveTextAsync(), await ann.Socket.ReceiveTextAsync()];
        Assert.Contains($$$$$$"""{"push":{"channel":"team:a","pub":{"data":"é","offset":1,"info":{"user":"ann","client":"{{{{{{ann.Id}}}}}}"}}}}""", lines);
        await ann.ExpectErrorAsync("publish", """{"channel":"other","data":1}""", 103);
        await ann.ExpectErrorAsync("publish", """{"channel":"team:a"}""", 107);
        await ann.ExpectErrorAsync("publish", """{"channel":"team:a","data":1,"type":1,"key":"k"}""", 108);
    }

    [Fact]
    public async Task A_revoked_token_opens_no_channel()
    {
        await using var server = await StartAsync(On);
        await using var ann = await CentrifugeClient.ConnectAsync(server, CentrifugeClient.Token(new { sub = "ann" }));
        await server.Services.Node.Facade.PublishAsync("closed:a", 1, cancellationToken: TestContext.Current.CancellationToken);
        await server.Services.Node.Disconnecting.TokenAsync("t1", DisconnectCode.DisconnectedByServer, revoke: true);
        var token = CentrifugeClient.Token(new { sub = "ann", channel = "closed:a", jti = "t1" });
        await ann.ExpectErrorAsync("subscribe", $$"""{"channel":"closed:a","token":"{{token}}","recover":true,"epoch":"","offset":0}""", 103);
    }

    [Fact]
    public async Task Channels_of_a_subscription_s_token_are_closed_to_all_others()
    {
        await using var server = await StartAsync(On);
        await server.Services.Node.Facade.PublishAsync("$priv", 1, cancellationToken: TestContext.Current.CancellationToken);
        await using var nobody = await CentrifugeClient.ConnectAsync(server);
        await nobody.ExpectErrorAsync("subscribe", """{"channel":"$priv","recover":true,"epoch":"","offset":0}""", 103);
        await nobody.ExpectErrorAsync("history", """{"channel":"$priv","limit":1}""", 103);
        await nobody.ExpectErrorAsync("publish", """{"channel":"$priv","data":1}""", 103);
        await using var ann = await CentrifugeClient.ConnectAsync(server, CentrifugeClient.Token(new { sub = "ann" }));
        await ann.SubscribeAsync("$priv", $",\"token\":\"{CentrifugeClient.Token(new { sub = "ann", channel = "$priv" })}\"");
    }

    [Fact]
    public async Task A_subscription_s_token_opens_a_closed_channel_is_renewed_and_ends()
    {
        var time = new ManualTime();
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        await using var server = await StartAsync(time, On);
        await using var ann = await CentrifugeClient.ConnectAsync(server, CentrifugeClient.Token(new { sub = "ann" }));
        await ann.ExpectErrorAsync("subscribe", """{"channel":"closed:a"}""", 103);
        foreach (var (claims, code) in new (object, int)[]
        {
            (new { sub = "ann", channel = "closed:b" }, 103), (new { sub = "bob", channel = "closed:a" }, 103), (new { sub = "ann" }, 103), (new { sub = "ann", channel = "closed:a", exp = now }, 109),
        })
        {
            await ann.ExpectErrorAsync("subscribe", $$"""{"channel":"closed:a","token":"{{CentrifugeClient.Token(claims)}}"}""", code);
        }

        await ann.ExpectErrorAsync("subscribe", $$"""{"channel":"closed:a","token":"{{CentrifugeClient.Token(new { sub = "ann", channel = "closed:a" }, "another-secret-of-the-tests")}}"}""", 103);
        var token = CentrifugeClient.Token(new { sub = "ann", channel = "closed:a", exp = now + 100 });
        await ann.ExpectErrorAsync("sub_refresh", $$"""{"channel":"closed:a","token":"{{token}}"}""", 103);
        Assert.Equal(50, (await ann.SubscribeAsync("closed:a", $",\"token\":\"{token}\"")).GetProperty("ttl").GetInt32());
        await ann.ExpectErrorAsync("subscribe", $$"""{"channel":"closed:a","token":"{{token}}"}""", 105);
        await ann.ExpectErrorAsync("publish", """{"channel":"closed:a","data":1}""", 103);
        Assert.Empty((await ann.AskAsync("history", """{"channel":"closed:a","limit":1}""")).GetProperty("history").GetProperty("publications").EnumerateArray());
        var newer = await ann.AskAsync("sub_refresh", $$"""{"channel":"closed:a","token":"{{CentrifugeClient.Token(new { sub = "ann", channel = "closed:a", exp = now + 300 })}}"}""");
        Assert.Equal("""{"expires":true,"ttl":240}""", newer.GetProperty("sub_refresh").GetRawText());
        time.Advance(TimeSpan.FromSeconds(301));
        await ann.ExpectAsync("""{"push":{"channel":"closed:a","unsubscribe":{"code":2501,"reason":"Token expired"}}}""");
        await ann.ExpectErrorAsync("sub_refresh", """{"channel":"closed:a"}""", 107);
    }

    [Fact]
    public async Task A_gap_ends_the_subscription_and_the_next_one_recovers()
    {
        await using var server = await StartAsync(On);
        await using var client = await CentrifugeClient.ConnectAsync(server);
        await client.SubscribeAsync("chat:a");
        await server.Services.Node.Facade.PublishAsync("chat:a", 1, cancellationToken: TestContext.Current.CancellationToken);
        await client.ExpectAsync("""{"push":{"channel":"chat:a","pub":{"data":1,"offset":1}}}""");
        server.Hub.Announce("chat:a", new StreamPosition("fedcba9876543210", 4));
        await client.ExpectAsync("""{"push":{"channel":"chat:a","unsubscribe":{"code":2500,"reason":"insufficient state"}}}""");
        await server.Services.Node.Facade.PublishAsync("chat:a", 2, cancellationToken: TestContext.Current.CancellationToken);
        var again = await client.SubscribeAsync("chat:a", ",\"recover\":true,\"offset\":1");
        Assert.Equal("""[{"data":2,"offset":2}]""", again.GetProperty("publications").GetRawText());
    }

    [Fact]
    public async Task The_server_subscribes_and_unsubscribes()
    {
        await using var server = await StartAsync(On);
        await using var client = await CentrifugeClient.ConnectAsync(server);
        var actions = server.Services.Node.ServerActions;
        await actions.SubscribeAsync(NodeTarget.Connection, client.Id, "closed:a", TestContext.Current.CancellationToken);
        Assert.Equal("""{"push":{"channel":"closed:a","subscribe":{"positioned":true,"epoch":"~"}}}""", CentrifugeClient.Plain(await client.ReceiveAsync()));
        await server.Services.Node.Facade.PublishAsync("closed:a", 1, cancellationToken: TestContext.Current.CancellationToken);
        await client.ExpectAsync("""{"push":{"channel":"closed:a","pub":{"data":1,"offset":1}}}""");
        await actions.UnsubscribeAsync(NodeTarget.Connection, client.Id, "closed:a", TestContext.Current.CancellationToken);
        await client.ExpectAsync("""{"push":{"channel":"closed:a","unsubscribe":{"code":2000,"reason":"Unsubscribed by server"}}}""");
        Assert.False((await client.SubscribeAsync("passing:a")).TryGetProperty("recoverable", out _));
    }

    [Fact]
    public async Task A_server_s_subscription_recovers_with_connect()
    {
        await using var server = await StartAsync(On);
        await server.Services.Node.Facade.PublishAsync("all", 1, cancellationToken: TestContext.Current.CancellationToken);
        await server.Services.Node.Facade.PublishAsync("all", 2, cancellationToken: TestContext.Current.CancellationToken);
        await using var client = await CentrifugeClient.OpenAsync(server);
        var all = (await client.AskAsync("connect", """{"subs":{"all":{"recover":true,"offset":1},"closed:a":{"recover":true}}}""")).GetProperty("connect").GetProperty("subs");
        Assert.Equal("""{"all":{"recoverable":true,"positioned":true,"epoch":"~","offset":1,"was_recovering":true,"recovered":true}}""", CentrifugeClient.Plain(all));
        await client.ExpectAsync("""{"push":{"channel":"all","pub":{"data":2,"offset":2}}}""");
        await using var other = await CentrifugeClient.OpenAsync(server);
        Assert.DoesNotContain("\"recovered\"", (await other.AskAsync("connect", """{"subs":{"all":{"recover":true,"offset":1,"epoch":"_"}}}""")).GetRawText(), StringComparison.Ordinal);
        await other.ExpectErrorAsync("rpc", """{"method":"x"}""", 104);
    }

    [Fact]
    public async Task What_is_not_done_here_or_malformed_is_refused_by_its_number_and_the_connection_goes_on()
    {
        await using var server = await StartAsync(On);
        await using var client = await CentrifugeClient.ConnectAsync(server);
        foreach (var (method, fields, code) in new[]
        {
            ("subscribe", """{"channel":"chat:a","type":1}""", 108), ("subscribe", """{"channel":"chat:a","type":4}""", 108), ("subscribe", """{"channel":"chat:a","tf":{"op":"eq"}}""", 108),
            ("sub_refresh", """{"channel":"chat:a","type":1}""", 108), ("rpc", "{}", 108), ("rpc", """{"method":"none","data":{}}""", 104),
            ("subscribe", "{}", 107), ("subscribe", """{"channel":7}""", 107), ("subscribe", """{"channel":"a b"}""", 107), ("subscribe", """{"channel":"a","token":7}""", 107),
            ("subscribe", """{"channel":"a","offset":-1}""", 107), ("subscribe", """{"channel":"a","recover":"yes"}""", 107), ("publish", "7", 107), ("history", """{"channel":"a","limit":"all"}""", 107),
            ("history", """{"channel":"a","since":7}""", 107), ("presence", "{}", 107), ("presence_stats", "[]", 107), ("refresh", "{}", 107),
        })
        {
            await client.ExpectErrorAsync(method, fields, code);
            Assert.Equal("""{"unsubscribe":{}}""", "{" + (await client.AskAsync("unsubscribe", """{"channel":"never"}""")).GetRawText().Split(',', 2)[1]);
        }

        await client.SubscribeAsync("chat:a");
        await client.ExpectErrorAsync("subscribe", """{"channel":"chat:a"}""", 105);
        await client.SendAsync("""{"send":{"data":{"x":1}}}""");
        await client.SubscribeAsync("chat:b");
    }

    [Fact]
    public async Task A_frame_of_a_thousand_lines_is_answered_line_by_line()
    {
        await using var server = await StartAsync(On);
        await using var client = await CentrifugeClient.ConnectAsync(server);
        var lines = new StringBuilder();
        for (var i = 1; i <= 1000; i++)
        {
            lines.Append(null, $"{{\"id\":{i},\"{(i % 2 == 0 ? "subscribe" : "unsubscribe")}\":{{\"channel\":\"chat:{i % 7}\"}}}}\n");
        }

        await client.SendAsync(lines.ToString());
        for (var i = 1; i <= 1000; i++)
        {
            Assert.Equal(i, (await client.ReceiveAsync()).GetProperty("id").GetInt32());
        }
    }
}
