using System.Net.Http.Json;
using System.Text.Json;
using TestKit;
using Tidings.Faults.Processes;

namespace Tidings.Faults.Tests.Scenarios;

/// <summary>The node that publishes the outbox stands still (<c>SIGSTOP</c>): another goes on, and when the first goes on as well nothing is told twice.</summary>
public sealed class F24_StoppedNode
{
    private const string Key = "the admin key of both nodes, long enough";

    [Fact]
    public async Task Another_node_publishes_the_outbox_and_nothing_is_told_twice()
    {
        using var database = new PostgreSqlServer();
        await using var redis = await RedisServer.StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        http.DefaultRequestHeaders.Authorization = new("Bearer", Key);
        var settings = new Dictionary<string, string>
        {
            ["Tidings__AdminKey"] = Key,
            ["Tidings__Demo"] = "true",
            ["Tidings__Redis"] = redis.Address,
            ["Tidings__PostgreSql"] = database.CreateDatabase(),
        };
        await using var holder = new ServerNode("holder", http, null, null, settings, null);
        await using var other = new ServerNode("other", http, null, null, settings, null);
        await holder.StartAsync();
        await Eventually.TrueAsync(() => AddAsync(holder), () => "the tables are there");
        await ExpectEventsAsync(holder, 1);
        await other.StartAsync();
        var events = 1;
        for (; events < 100; events++)
        {
            Assert.True(await AddAsync(other));
        }

        // In the middle of what it publishes.
        holder.Pause();
        for (; events < 120; events++)
        {
            Assert.True(await AddAsync(other));
        }

        await ExpectEventsAsync(other, events);
        holder.Continue();
        for (; events < 140; events++)
        {
            Assert.True(await AddAsync(holder));
        }

        // Each is a row of its own: an event too many is one that was told twice.
        await ExpectEventsAsync(other, events);
        await ExpectEventsAsync(holder, events);

        async Task<bool> AddAsync(ServerNode node)
        {
            using var answer = await http.PostAsJsonAsync(new Uri(node.Address, "/items"), new { name = "a", price = 1 });
            return answer.IsSuccessStatusCode;
        }

        Task ExpectEventsAsync(ServerNode node, int count) => Eventually.TrueAsync(
            async () => (await http.GetFromJsonAsync<JsonElement>(new Uri(node.Address, "/api/history?channel=resource:items&last=1"))).GetProperty("offset").GetInt32() == count,
            () => $"there are {count} events");
    }
}
