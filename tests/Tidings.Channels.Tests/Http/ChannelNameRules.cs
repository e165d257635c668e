using System.Net.Http.Json;
using Tidings.Channels.Tests.Rules;

namespace Tidings.Channels.Tests.Http;

/// <summary>Names with every sign that they may have, by each way in.</summary>
public sealed class ChannelNameRules : HttpRules
{
    private const string Name = "chat:#$&+,/;=~!_.-@é";

    [Fact]
    public async Task A_name_with_every_sign_is_the_same_channel_by_each_way_in()
    {
        await using var server = await StartAsync();
        var query = "channel=" + Uri.EscapeDataString(Name);
        await using var client = await ChannelClient.ConnectAsync(server);
        await client.SubscribeAsync(Name);
        await using var stream = await EventStream.OpenAsync(server.Http, "/connect?" + query);
        await stream.ExpectAsync("connected");
        var start = await PollAsync(server, query + "&wait=0");
        using (var published = await server.Http.PostAsJsonAsync("/api/publish", new { channel = Name, data = 1 }, TestContext.Current.CancellationToken))
        {
            published.EnsureSuccessStatusCode();
        }

        await CommandAsync(server, $$"""{"type":"publish","channel":"{{Name}}","data":2}""", user: "ann");
        for (var message = 1; message <= 2; message++)
        {
            Assert.Equal(await client.ReceiveAsync(), await stream.ReceiveAsync());
        }

        Assert.Equal(["1", "2"], DataOf(await PollAsync(server, query + "&wait=0&since=" + Uri.EscapeDataString(PositionOf(start)))));
        Assert.Equal(2, (await client.AskAsync($$"""{"type":"history","channel":"{{Name}}"}""")).GetProperty("messages").GetArrayLength());
        Assert.Contains("\"offset\":2", await server.Http.GetStringAsync("/api/history?" + query), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("channel=a%2520b")]
    [InlineData("channel=a+b")]
    [InlineData("channel=a%25")]
    public async Task What_is_no_name_is_refused_and_says_what_one_is(string query)
    {
        await using var server = await StartAsync();
        using var response = await GetAsync(server, "/connect?wait=0&" + query);
        await ExpectProblemAsync(response, 400, "bad_request");
    }
}
