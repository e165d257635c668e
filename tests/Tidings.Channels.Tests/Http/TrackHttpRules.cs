using System.Text;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Http;

/// <summary>What readers over HTTP say of themselves: as they come, and by requests that name their stream.</summary>
public sealed class TrackHttpRules : HttpRules
{
    private static readonly (string, string?)[] Settings =
        [("Tidings:Channels:1:PresenceInfo", "true"), ("Tidings:Channels:4:Pattern", "plain:*"), ("Tidings:Channels:4:Presence", "true")];

    private readonly ManualTime _time = new();

    [Theory]
    [InlineData("ann", "ann", true)]
    [InlineData("ann", "bob", false)]
    [InlineData("ann", null, false)]
    [InlineData(null, "bob", false)]
    [InlineData(null, null, true)]
    public async Task A_request_speaks_for_its_own_stream_alone(string? listener, string? speaker, bool isOwn)
    {
        await using var server = await StartAsync(_time, Settings);
        await using var watcher = await EventStream.OpenAsync(server.Http, "/connect?channel=lobby:1&presence=true");
        await watcher.ExpectAsync("connected");
        await using var stream = await EventStream.OpenAsync(server.Http, $"/connect?channel=lobby:1&info={Uri.EscapeDataString("{\"lobby:1\":{\"at\":1},\"other\":2}")}", user: listener);
        var id = (await stream.ExpectAsync("connected")).GetProperty("connection").GetString()!;
        var name = listener ?? "~" + id;
        Assert.Equal($$$"""{"user":"{{{name}}}","connections":1,"info":{"at":1}}""", (await watcher.ExpectAsync("join")).GetProperty("member").GetRawText());
        var answer = await SayAsync(server, id, speaker, """{"type":"track","id":1,"channel":"lobby:1","info":"typing"}""");
        if (isOwn)
        {
            Assert.Equal("""{"type":"tracked","id":1,"channel":"lobby:1"}""", answer);
            Assert.Equal($$"""{"user":"{{name}}","connections":1,"info":"typing"}""", (await watcher.ExpectAsync("update")).GetProperty("member").GetRawText());
        }
        else
        {
            Assert.Equal("""{"type":"error","id":1,"code":"not_allowed","error":"Not subscribed"}""", answer);
            Assert.Contains("{\"at\":1}", await CommandAsync(server, """{"type":"presence","channel":"lobby:1"}"""), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_request_without_a_stream_has_no_member_and_one_without_the_right_is_refused()
    {
        await using var server = await StartAsync(_time, Settings);
        Assert.Equal("""{"type":"error","code":"not_allowed","error":"Not subscribed"}""", await CommandAsync(server, """{"type":"track","channel":"lobby:1","info":1}"""));
        Assert.Equal("""{"type":"error","code":"not_allowed","error":"Not allowed"}""", await CommandAsync(server, """{"type":"track","channel":"plain:1","info":1}"""));
    }

    [Fact]
    public async Task A_poll_says_it_as_it_comes()
    {
        await using var server = await StartAsync(_time, Settings);
        await PollAsync(server, "channel=lobby:1&wait=0&info=" + Uri.EscapeDataString("{\"lobby:1\":[1]}"), "ann");
        Assert.Equal("""{"type":"presence","channel":"lobby:1","members":[{"user":"ann","connections":0,"info":[1]}],"count":1}""", await CommandAsync(server, """{"type":"presence","channel":"lobby:1"}"""));
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("{\"lobby:1\":\"\\ud800\"}")]
    [InlineData("{\"\\ud800\":1}")]
    public async Task What_is_unfit_is_a_problem(string info)
    {
        await using var server = await StartAsync(_time, Settings);
        await ExpectProblemAsync(await GetAsync(server, "/connect?channel=lobby:1&wait=0&info=" + Uri.EscapeDataString(info)), 400, "bad_request");
        await ExpectProblemAsync(await GetAsync(server, "/connect?channel=lobby:1&wait=0&info=" + Uri.EscapeDataString($"{{\"lobby:1\":\"{new string('x', 4095)}\"}}")), 400, "bad_request");
    }

    private static async Task<string> SayAsync(EndToEnd.Tests.Infrastructure.TestServer server, string stream, string? user, string json)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/connect?connection={stream}") { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        if (user is not null)
        {
            request.Headers.Add(TestUser.Header, user);
        }

        using var response = await server.Http.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }
}
