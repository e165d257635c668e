using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Cluster;

/// <summary>A request may come to another node than the stream that it speaks for.</summary>
public sealed class TrackTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    [Theory]
    [InlineData("ann", true)]
    [InlineData("bob", false)]
    [InlineData(null, false)]
    public async Task A_request_speaks_for_a_stream_of_its_own_user_on_another_node(string? speaker, bool isOwn)
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        using var asking = new HttpRequestMessage(HttpMethod.Get, "/connect?channel=here:a&presence=true&token=" + ClusterNode.TokenOf("ann"));
        asking.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await one.Http.SendAsync(asking, HttpCompletionOption.ResponseHeadersRead);
        var events = SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync().GetAsyncEnumerator();
        var connected = await NextAsync(events);
        var stream = connected.GetProperty("connection").GetString();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/connect?connection=" + stream + (speaker is null ? "" : "&token=" + ClusterNode.TokenOf(speaker)))
        {
            Content = new StringContent("""{"type":"track","channel":"here:a","info":{"at":1}}""", Encoding.UTF8, "application/json"),
        };
        using var answer = await two.Http.SendAsync(request);
        Assert.Equal(
            isOwn ? """{"type":"tracked","channel":"here:a"}""" : """{"type":"error","code":"not_allowed","error":"Not subscribed"}""",
            await answer.Content.ReadAsStringAsync());
        if (isOwn)
        {
            Assert.Equal("""{"user":"ann","connections":1,"info":{"at":1}}""", (await NextAsync(events)).GetProperty("member").GetRawText());
        }
    }

    private static async Task<JsonElement> NextAsync(IAsyncEnumerator<SseItem<string>> events)
    {
        Assert.True(await events.MoveNextAsync());
        return JsonElement.Parse(events.Current.Data);
    }

    private Task<ClusterNode> StartAsync() => ClusterNode.StartAsync(redis.Server.Address, time: null, ("Tidings:Channels:0:PresenceInfo", "true"));
}
