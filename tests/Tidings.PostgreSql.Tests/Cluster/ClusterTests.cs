using System.Text.Json;
using TestKit;
using Tidings.Redis.Tests.World;

namespace Tidings.PostgreSql.Tests.Cluster;

/// <summary>Servers with nothing but PostgreSQL are one.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private readonly string _database = PostgreSqlServer.Shared.CreateDatabase();
    private readonly List<ClusterNode> _nodes = [];
    private ClusterNode _one = null!;
    private ClusterNode _two = null!;

    public async ValueTask InitializeAsync() => (_one, _two) = (await NodeAsync(), await NodeAsync());

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_engine_is_named_and_both_are_ready()
    {
        Assert.True(await _one.IsReadyAsync() && await _two.IsReadyAsync());
        Assert.Equal("postgres", (await _one.GetAsync("/api/info")).GetProperty("engine").GetString());
    }

    [Fact]
    public async Task Direct_messages_lists_and_counts_reach_the_other_node()
    {
        var (ann, id) = await _one.ConnectAsAsync("ann");
        var (bob, _) = await _two.ConnectAsAsync("bob");
        await SubscribeAsync(ann, "here:a");
        await SubscribeAsync(bob, "here:a");
        Assert.Equal("""{"delivered":1}""", await _two.DoAsync("/api/send", """{"user":"ann","data":{"a":1}}"""));
        await ann.ExpectTextAsync("""{"type":"direct","data":{"a":1}}""");
        Assert.Equal(2, (await _one.GetAsync("/api/channels/here:a")).GetProperty("subscribers").GetInt32());
        var connections = (await _two.GetAsync("/api/connections")).GetProperty("connections").EnumerateArray().Select(static one => one.GetProperty("connection").GetString());
        Assert.Contains(id, connections);
        Assert.Equal(1, JsonElement.Parse(await _two.DoAsync("/api/users/online", """{"users":["ann","eve"]}""")).GetProperty("online").GetProperty("ann").GetProperty("connections").GetInt32());
    }

    [Fact]
    public async Task Presence_is_of_both_nodes_and_who_was_on_one_that_ends_leaves()
    {
        var (ann, _) = await _one.ConnectAsAsync("ann");
        await using var stays = ann;
        await SubscribeAsync(ann, "here:b");
        var third = await NodeAsync();
        var (bob, _) = await third.ConnectAsAsync("bob");
        await using var goes = bob;
        await SubscribeAsync(bob, "here:b");
        await Eventually.TrueAsync(async () => await MembersAsync("here:b") == "ann,bob", static () => "both are there");
        _nodes.Remove(third);
        await third.DisposeAsync();
        await Eventually.TrueAsync(async () => await MembersAsync("here:b") == "ann", static () => "bob has left", TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_revoked_user_is_out_on_both_nodes_and_stays_out_on_a_third()
    {
        var token = ClusterNode.TokenOf("bob", "t1");
        var (first, _) = await _one.ConnectAsAsync("bob");
        var (second, _) = await _two.ConnectAsAsync("bob");
        Assert.Equal("""{"connections":2}""", await _one.DoAsync("/api/disconnect", """{"user":"bob","revoke":true}"""));
        await first.ExpectCloseAsync(4010, "Disconnected by server");
        await second.ExpectCloseAsync(4010, "Disconnected by server");
        foreach (var node in (ClusterNode[])[_one, _two, await NodeAsync()])
        {
            await (await node.ConnectAsync("/connect?token=" + token)).ExpectCloseAsync(4001, "Invalid token");
        }
    }

    [Fact]
    public async Task A_ticket_of_one_node_is_good_on_the_other_once()
    {
        var (status, body) = await _one.PostAsync("/api/tickets", "{}", ClusterNode.TokenOf("bob"));
        Assert.True(status == 200, body);
        var ticket = JsonElement.Parse(body).GetProperty("ticket").GetString()!;
        var sockets = await Task.WhenAll(Enumerable.Range(0, 6).Select(n => (n % 2 == 0 ? _one : _two).ConnectAsync("/connect?ping=frame&ticket=" + ticket)));
        var firsts = await Task.WhenAll(sockets.Select(static socket => socket.ReceiveAsync()));
        Assert.Single(firsts, static frame => frame.Opcode == RawFrame.TextOpcode);
        Assert.Equal(5, firsts.Count(static frame => frame.Opcode == RawFrame.CloseOpcode && RawWebSocket.CodeOf(frame) == 4001));
        Assert.DoesNotContain(ticket, PostgreSqlServer.Shared.Query(Database, "SELECT string_agg(s::text, ' ') FROM tidings.secrets s"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_clients_name_is_had_once_over_both_nodes_and_who_leaves_is_announced_once()
    {
        var watch = await _one.ConnectAsync("/ws/clients/watch?ping=frame");
        var first = await _one.ConnectAsync("/ws/clients/bob?ping=frame");
        var second = await _two.ConnectAsync("/ws/clients/bob?ping=frame");
        await first.ExpectCloseAsync(4009, "Replaced");
        await watch.SendTextAsync("""{"type":"personal","to":"bob","message":1}""");
        await second.ExpectTextAsync("""{"from":"watch","message":1}""");
        await second.SendCloseAsync();
        await watch.ExpectTextAsync("""{"type":"system","message":"bob left"}""");
    }

    [Fact]
    public async Task A_user_has_as_many_connections_as_may_be_on_both_together()
    {
        var limited = (await NodeAsync(("Tidings:Limits:ConnectionsPerUser", "3")), await NodeAsync(("Tidings:Limits:ConnectionsPerUser", "3")));
        for (var i = 0; i < 3; i++)
        {
            await (i % 2 == 0 ? limited.Item1 : limited.Item2).ConnectAsAsync("ann");
        }

        var refused = await (await limited.Item2.ConnectAsync("/connect?ping=frame&token=" + ClusterNode.TokenOf("ann"))).ReceiveAsync();
        Assert.Equal(RawFrame.CloseOpcode, refused.Opcode);
    }

    [Fact]
    public async Task Back_ends_are_told_of_both_nodes_together_and_of_what_transactions_publish_in_order()
    {
        // Whoever gives a place to what a transaction said must know who is told.
        await _one.DisposeAsync();
        await _two.DisposeAsync();
        _nodes.Clear();
        await using var receiver = await EventBackEnd.StartAsync();
        (string, string?)[] told =
        [
            ("Tidings:Events:0:Url", receiver.Url), ("Tidings:Events:0:Secret", EventBackEnd.Secret), ("Tidings:Events:0:Channels:0", "here:*"), ("Tidings:Events:0:Types:0", "message.published"),
            ("Tidings:Events:0:Types:1", "member.joined"), ("Tidings:Events:0:Types:2", "member.left"), ("Tidings:Events:0:Types:3", "channel.occupied"), ("Tidings:Events:0:Types:4", "channel.vacated"),
        ];
        var (one, two) = (await NodeAsync(told), await NodeAsync(told));
        var (first, _) = await one.ConnectAsAsync("bob");
        await SubscribeAsync(first, "here:e");
        var (second, _) = await two.ConnectAsAsync("bob");
        await SubscribeAsync(second, "here:e");
        for (var i = 0; i < 10; i++)
        {
            if (i % 2 == 0)
            {
                PostgreSqlServer.Shared.Query(Database, $"SELECT tidings.publish('here:e', '{i}')");
            }
            else
            {
                await two.DoAsync("/api/publish", $$"""{"channel":"here:e","data":{{i}}}""");
            }
        }

        await Eventually.EqualAsync(12, () => receiver.Taken.Count, "events");
        await first.DisposeAsync();
        await second.DisposeAsync();
        await Eventually.EqualAsync(14, () => receiver.Taken.Count, "events");
        var ledger = new EventLedger(receiver.Taken);
        Assert.Empty(ledger.Faults);
        Assert.Empty(ledger.Channels.Concat(ledger.Members));
    }

    private string Database => new Npgsql.NpgsqlConnectionStringBuilder(_database).Database!;

    private async Task<string> MembersAsync(string channel) => string.Join(
        ',', (await _two.GetAsync($"/api/presence?channel={channel}")).GetProperty("members").EnumerateArray().Select(static one => one.GetProperty("user").GetString()).Order());

    private async Task<ClusterNode> NodeAsync(params (string Key, string? Value)[] settings)
    {
        var node = await ClusterNode.StartAsync(_database, time: null, settings);
        _nodes.Add(node);
        return node;
    }

    private static async Task SubscribeAsync(RawWebSocket socket, string channel)
    {
        await socket.SendTextAsync($$"""{"type":"subscribe","channel":"{{channel}}"}""");
        Assert.Contains("subscribed", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
    }
}
