using System.Text.Json;
using Tidings.Redis.Tests.World;
using Tidings.Security.Identities;

namespace Tidings.Redis.Tests.Cluster;

/// <summary>What nodes share beside logs works on a Redis Cluster, too.</summary>
public sealed class ClusterNodesTests(SharedCluster shared) : IClassFixture<SharedCluster>
{
    [Fact]
    public async Task What_is_said_and_asked_over_nodes_arrives()
    {
        await using var one = await ClusterNode.StartAsync(shared.Cluster.Address);
        await using var two = await ClusterNode.StartAsync(shared.Cluster.Address);
        var (bob, id) = await two.ConnectAsAsync("bob", "t1");
        Assert.Equal("""{"delivered":1}""", await one.DoAsync("/api/send", """{"user":"bob","data":1}"""));
        await bob.ExpectTextAsync("""{"type":"direct","data":1}""");
        for (var i = 0; i < 8; i++)
        {
            // In whatever part the channel is.
            await bob.SendTextAsync($$"""{"type":"subscribe","channel":"here:{{i}}"}""");
            Assert.Contains("subscribed", await bob.ReceiveTextAsync(), StringComparison.Ordinal);
            Assert.Equal("bob", (await one.GetAsync($"/api/presence?channel=here:{i}")).GetProperty("members")[0].GetProperty("user").GetString());
        }

        Assert.Equal("""{"connections":1}""", await one.DoAsync("/api/disconnect", $$"""{"connection":"{{id}}","revoke":true}"""));
        var again = await one.ConnectAsync("/connect?token=" + ClusterNode.TokenOf("bob", "t1"));
        await again.ExpectCloseAsync(4001, "Invalid token");
    }

    [Fact]
    public async Task Names_tickets_and_tasks_are_had_once()
    {
        await using var one = await ClusterNode.StartAsync(shared.Cluster.Address);
        await using var two = await ClusterNode.StartAsync(shared.Cluster.Address);
        var first = await one.ConnectAsync("/ws/clients/bob?ping=frame");
        var second = await two.ConnectAsync("/ws/clients/bob?ping=frame");
        await first.ExpectCloseAsync(4009, "Replaced");
        Assert.Equal(1, await one.Tidings.Clients.SendAsync("bob", "x"));
        await second.ExpectTextAsync("\"x\"");

        var carl = new Identity { User = "carl" };
        var tickets = new List<string>();
        for (var i = 0; i < Tickets.Share + 3; i++)
        {
            tickets.Add(await one.Services.Node.Tickets.IssueAsync(carl));
        }

        // A user has so many at a time, in whatever part they would be.
        Assert.Null(await two.Services.Node.Tickets.RedeemAsync(tickets[0]));
        Assert.Equal("carl", (await two.Services.Node.Tickets.RedeemAsync(tickets[^1]))!.User);
        Assert.Null(await one.Services.Node.Tickets.RedeemAsync(tickets[^1]));

        for (var i = 0; i < 8; i++)
        {
            var id = JsonElement.Parse((await one.PostAsync("/api/tasks", """{"name":"work"}""")).Body).GetProperty("task_id").GetString();
            Assert.Equal("pending", (await two.GetAsync($"/api/tasks/{id}")).GetProperty("status").GetString());
        }
    }
}
