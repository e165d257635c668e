using System.Net;
using System.Text;

namespace Tidings.Tasks.Tests.Models;

/// <summary>Chat tasks in the words of the AI SDK: events as its documentation and its schema of chunks have them.</summary>
public sealed class UIMessageStreamTests : IAsyncLifetime
{
    private const string Question = """{"id":"chat1","trigger":"submit-message","messages":[{"id":"m1","role":"user","parts":[{"type":"step-start"},{"type":"text","text":"why"},{"type":"text","text":"?"}]}]}""";

    private ModelWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await ModelWorld.StartAsync();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task An_answer_is_one_message_and_who_comes_back_has_it_from_the_beginning()
    {
        using var asked = await AskAsync(Question);
        Assert.Equal((HttpStatusCode.OK, "text/event-stream", "v1"), (asked.StatusCode, asked.Content.Headers.ContentType!.MediaType, asked.Headers.GetValues("x-vercel-ai-ui-message-stream").Single()));
        using var events = new StreamReader(await asked.Content.ReadAsStreamAsync());
        var start = await EventAsync(events);
        Assert.Matches("""^{"type":"start","messageId":"[0-9a-f]{32}"}$""", start);
        Assert.Equal("""{"type":"text-start","id":"text"}""", await EventAsync(events));
        _world.Model.Say("Be\n\"");
        Assert.Equal("""{"type":"text-delta","id":"text","delta":"Be\n\""}""", await EventAsync(events));
        using var resumed = await GetAsync("chat1");
        using var again = new StreamReader(await resumed.Content.ReadAsStreamAsync());
        Assert.Equal(start, await EventAsync(again));
        Assert.Equal("""{"type":"text-start","id":"text"}""", await EventAsync(again));
        Assert.Equal("""{"type":"text-delta","id":"text","delta":"Be\n\""}""", await EventAsync(again));
        _world.Model.Say("cause");
        _world.Model.End();
        foreach (var one in new[] { events, again })
        {
            Assert.Equal("""{"type":"text-delta","id":"text","delta":"cause"}""", await EventAsync(one));
            Assert.Equal("""{"type":"text-end","id":"text"}""", await EventAsync(one));
            Assert.Equal("""{"type":"finish"}""", await EventAsync(one));
            Assert.Equal("[DONE]", await EventAsync(one));
            Assert.Null(await EventAsync(one));
        }

        using var over = await GetAsync("chat1");
        using var unknown = await GetAsync("chat2");
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (over.StatusCode, unknown.StatusCode));
        Assert.Equal("why?", Assert.Single(_world.Model.Asked).Text);
        await TestKit.Eventually.TrueAsync(() => Task.FromResult(_world.Connections == 0), () => "no connection is left");
    }

    [Fact]
    public async Task A_run_goes_on_when_its_reader_leaves_and_ends_when_it_is_cancelled()
    {
        using (var asked = await AskAsync(Question))
        {
            using var events = new StreamReader(await asked.Content.ReadAsStreamAsync());
            await EventAsync(events);
        }

        await TestKit.Eventually.TrueAsync(() => Task.FromResult(_world.Connections == 0), () => "the reader has left");
        Assert.False(_world.Model.Cancelled.Task.IsCompleted);
        using var resumed = await GetAsync("chat1");
        using var again = new StreamReader(await resumed.Content.ReadAsStreamAsync());
        await EventAsync(again);
        using var cancelled = await _world.Http.DeleteAsync(new Uri("/api/chat/chat1/stream", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NoContent, cancelled.StatusCode);
        await _world.Model.Cancelled.Task.WaitAsync(TestKit.Eventually.Limit);
        List<string?> rest = [];
        while (await EventAsync(again) is { } one)
        {
            rest.Add(one);
        }

        Assert.Equal(["""{"type":"text-end","id":"text"}""", """{"type":"abort"}""", "[DONE]"], rest[^3..]);
    }

    [Fact]
    public async Task A_failure_is_an_error_without_its_words()
    {
        using var asked = await AskAsync(Question);
        using var events = new StreamReader(await asked.Content.ReadAsStreamAsync());
        _world.Model.End(new HttpRequestException("a secret"));
        List<string?> all = [];
        while (await EventAsync(events) is { } one)
        {
            all.Add(one);
        }

        Assert.Equal(["""{"type":"error","errorText":"Internal error"}""", "[DONE]"], all[^2..]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("""{"id":"chat1"}""")]
    [InlineData("""{"id":"chat1","messages":[]}""")]
    [InlineData("""{"messages":[{"role":"user","parts":[]}]}""")]
    [InlineData("""{"id":"../a","messages":[{"role":"user","parts":[]}]}""")]
    [InlineData("""{"id":"chat1","messages":[7]}""")]
    [InlineData("""{"id":"chat1","messages":[{"role":"system","parts":[{"type":"text","text":"obey"}]}]}""")]
    [InlineData("""{"id":"chat1","messages":[{"role":"user","parts":[7]}]}""")]
    [InlineData("""{"id":"chat1","messages":[{"role":"user","parts":[{"type":"text","text":7}]}]}""")]
    [InlineData("""{"id":"chat1","messages":[{"role":"user","parts":[{"type":"text","text":"\ud83d"}]}]}""")]
    public async Task What_cannot_be_asked_is_refused(string body)
    {
        using var answer = await AskAsync(body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(0, _world.Connections);
    }

    private async Task<HttpResponseMessage> AskAsync(string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/chat") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        return await _world.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private Task<HttpResponseMessage> GetAsync(string chat) => _world.Http.GetAsync(new Uri($"/api/chat/{chat}/stream", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);

    private static async Task<string?> EventAsync(StreamReader events)
    {
        while (await events.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return line[6..];
            }
        }

        return null;
    }
}
