using Microsoft.Extensions.DependencyInjection;
using Tidings.Brokers;
using Tidings.ForeignEngine.Tests.Cluster;
using Tidings.Testing;

namespace Tidings.ForeignEngine.Tests;

/// <summary>Three nodes, each an application of its own, on an engine that is registered part by part.</summary>
public sealed class NodeTests : IAsyncLifetime
{
    private readonly ManualTime _time = new();
    private readonly List<TestNode> _nodes = [];
    private ProcessCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = new ProcessCluster(_time);
        for (var i = 0; i < 3; i++)
        {
            _nodes.Add(await TestNode.StartAsync(
                static options => options.Channels.Add(new ChannelOptions { Pattern = "room:*", Publish = ChannelAccess.Users, Presence = true }),
                time: _time,
                services: services => services.AddProcessCluster(_cluster)));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_message_is_heard_on_every_node_at_one_position_and_recovered_from_any()
    {
        await using var ann = await _nodes[0].ConnectAsync("ann");
        await using var bob = await _nodes[1].ConnectAsync("bob");
        await ann.SubscribeAsync("room:1");
        await bob.SubscribeAsync("room:1");
        var first = await ann.PublishAsync("room:1", "one");
        var position = await _nodes[2].Tidings.PublishAsync("room:1", "two");
        foreach (var client in new[] { ann, bob })
        {
            Assert.Equal("one", (await client.ExpectMessageAsync("room:1")).Read<string>());
            Assert.Equal(position, (await client.ExpectMessageAsync("room:1")).Position);
        }

        await using var eve = await _nodes[2].ConnectAsync("eve");
        Assert.True((await eve.SubscribeAsync("room:1", since: first)).Recovered);
        Assert.Equal("two", (await eve.ExpectMessageAsync("room:1")).Read<string>());
    }

    [Fact]
    public async Task Members_are_those_of_all_nodes()
    {
        await using var ann = await _nodes[0].ConnectAsync("ann");
        await ann.SubscribeAsync("room:1", presence: true);
        await using var bob = await _nodes[1].ConnectAsync("bob");
        await bob.SubscribeAsync("room:1");
        Assert.Equal("bob", (await ann.ExpectJoinAsync("room:1")).User);
        Assert.Equal(2, (await _nodes[2].Tidings.PresenceAsync("room:1")).Count);
        await bob.DisposeAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while ((await _nodes[0].Tidings.PresenceAsync("room:1")).Members.Single(static member => member.User == "bob").Connections > 0)
        {
            await Task.Delay(10, limit.Token);
        }

        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("bob", (await ann.ExpectLeaveAsync("room:1")).User);
    }

    [Fact]
    public async Task What_one_node_is_asked_is_done_by_the_others()
    {
        await using var ann = await _nodes[1].ConnectAsync("ann");
        Assert.Equal(1, await _nodes[0].Tidings.SendToUserAsync("ann", "hello"));
        Assert.Equal("hello", await ann.ExpectDirectAsync<string>());
        Assert.Equal(1, await _nodes[2].Tidings.DisconnectAsync("ann"));
    }

    [Fact]
    public void A_part_that_is_registered_stands_in_the_place_of_the_nodes_own()
    {
        Assert.All(_nodes, node => Assert.Same(_cluster.Logs, node.Services.GetRequiredService<IBroker>()));
        Assert.Equal(3, _cluster.Nodes.Count);
    }
}
