using System.Text;
using System.Text.Json;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Cluster;

/// <summary>What a client says beside a stream reaches the stream's node, whichever node it is said to.</summary>
public sealed class EmulationTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    private static readonly (string, string?) On = ("Tidings:Centrifuge:Enabled", "true");
    private static readonly (string, string?) Prefix = ("Tidings:RedisPrefix", "emulation:");

    [Fact]
    public async Task It_is_said_to_another_node_and_needs_the_secret_there_too()
    {
        await using var one = await ClusterNode.StartAsync(redis.Server.Address, time: null, On, Prefix);
        await using var two = await ClusterNode.StartAsync(redis.Server.Address, time: null, On, Prefix);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/connection/http_stream") { Content = new StringContent("""{"connect":{},"id":1}""") };
        using var response = await one.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        var connect = JsonElement.Parse((await reader.ReadLineAsync(TestContext.Current.CancellationToken))!).GetProperty("connect");
        var (session, node) = (connect.GetProperty("session").GetString()!, connect.GetProperty("node").GetString()!);
        Assert.Equal(204, await SayAsync(two, session, node, """{"rpc":{"method":"x"},"id":2}"""));
        Assert.Equal("""{"id":2,"error":{"code":104,"message":"method not found"}}""", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Equal(404, await SayAsync(two, session[..^1] + (session[^1] == '0' ? '1' : '0'), node, "{}"));
        Assert.Equal(404, await SayAsync(two, session, two.Services.Node.Id, "{}"));
        Assert.Equal(204, await SayAsync(one, session, node, """{"rpc":{"method":"x"},"id":3}"""));
        Assert.StartsWith("""{"id":3,""", await reader.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static async Task<int> SayAsync(ClusterNode node, string session, string name, string data)
    {
        using var content = new StringContent(JsonSerializer.Serialize(new { session, node = name, data }), Encoding.UTF8, "application/json");
        using var answer = await node.Http.PostAsync(new Uri("/emulation", UriKind.Relative), content, TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }
}
