using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Tidings.Samples.Tests;

/// <summary>Samples with a page: does what their pages do, by the channel protocol.</summary>
public sealed class PageSampleTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Each_page_is_there_with_what_it_loads()
    {
        await PageAsync<BoardSample>("A shared board");
        await PageAsync<ChatPageSample>("Chat");
        await PageAsync<CursorsSample>("Shared cursors");
        await PageAsync<DashboardSample>("Live figures");
        await PageAsync<ModelSample>("An answer as it is written");
        await PageAsync<NotificationsSample>("Notifications");
        await PageAsync<ResourcesSample>("A live table");
        await PageAsync<TasksSample>("Task progress");
    }

    [Fact]
    public async Task Chat_keeps_what_was_said_and_shows_who_types()
    {
        await using var app = new WebApplicationFactory<ChatPageSample>();
        await using var ann = await SubscribeAsync(app, "chat:lobby", ",\"presence\":true");
        await using var bob = await SubscribeAsync(app, "chat:lobby");
        await NextAsync(ann, "join");
        await bob.SendTextAsync("""{"type":"track","channel":"chat:lobby","info":{"typing":"bob"}}""");
        await bob.SendTextAsync("""{"type":"publish","channel":"chat:lobby","data":{"name":"bob","text":"hi"}}""");
        Assert.Equal("""{"typing":"bob"}""", (await NextAsync(ann, "update")).GetProperty("member").GetProperty("info").GetRawText());
        Assert.Equal("""{"name":"bob","text":"hi"}""", (await NextAsync(ann, "message")).GetProperty("data").GetRawText());

        await using var late = await SubscribeAsync(app, "chat:lobby", ",\"last\":10");
        var first = await NextAsync(late, "message");
        Assert.Equal((1, "hi"), (first.GetProperty("offset").GetInt32(), first.GetProperty("data").GetProperty("text").GetString()));

        await bob.SendTextAsync("""{"type":"publish","channel":"chat:lobby","data":{"text":"nameless"}}""");
        Assert.Equal("bad_request", (await NextAsync(bob, "error")).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Dashboard_shows_figures_as_time_goes_on()
    {
        var time = new ManualTime();
        await using var app = new WebApplicationFactory<DashboardSample>().WithWebHostBuilder(builder => builder.ConfigureServices(services => services.AddSingleton<TimeProvider>(time)));
        await using var ws = await SubscribeAsync(app, "figures");
        var told = NextAsync(ws, "message");
        using var limit = new CancellationTokenSource(Limit);
        using var step = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!told.IsCompleted && await step.WaitForNextTickAsync(limit.Token))
        {
            time.Advance(TimeSpan.FromMilliseconds(500));
        }

        var figures = (await told).GetProperty("data");
        Assert.True(figures.GetProperty("memory").GetDouble() > 1);
        Assert.Equal(1, figures.GetProperty("connections").GetInt32());
        await ws.SendTextAsync("""{"type":"publish","channel":"figures","data":{}}""");
        Assert.Equal("not_allowed", (await NextAsync(ws, "error")).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Notifications_reach_the_user_and_nobody_else()
    {
        await using var app = new WebApplicationFactory<NotificationsSample>();
        using var http = app.CreateClient();
        Assert.Equal("""{"name":null}""", await http.GetStringAsync(new Uri("/me", UriKind.Relative)));
        var cookie = await SignInAsync(http, "ann");
        await using var ann = await SubscribeAsync(app, "user:ann", cookie: cookie);
        await using var bob = await ConnectAsync(app, await SignInAsync(http, "bob"));
        await bob.SendTextAsync("""{"type":"subscribe","channel":"user:ann"}""");
        Assert.Equal("not_allowed", (await NextAsync(bob, "error")).GetProperty("code").GetString());

        using var accepted = await http.PostAsJsonAsync(new Uri("/notify/ann", UriKind.Relative), new { title = "Your order has left" });
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        Assert.Equal("Your order has left", (await NextAsync(ann, "message")).GetProperty("data").GetProperty("title").GetString());
        using var refused = await http.PostAsJsonAsync(new Uri("/notify/ann", UriKind.Relative), new { text = "no title" });
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);

        // What came while nobody looked is still there.
        await using var again = await SubscribeAsync(app, "user:ann", ",\"last\":10", cookie);
        Assert.Equal("Your order has left", (await NextAsync(again, "message")).GetProperty("data").GetProperty("title").GetString());
    }

    [Fact]
    public async Task Cursors_are_seen_where_they_are_and_go_with_their_connection()
    {
        await using var app = new WebApplicationFactory<CursorsSample>();
        await using var ann = await SubscribeAsync(app, "cursors:board", ",\"presence\":true");
        var bob = await SubscribeAsync(app, "cursors:board");
        await NextAsync(ann, "join");
        await bob.SendTextAsync("""{"type":"track","channel":"cursors:board","info":{"id":"heron 7","x":0.5,"y":0.25}}""");
        Assert.Equal("""{"id":"heron 7","x":0.5,"y":0.25}""", (await NextAsync(ann, "update")).GetProperty("member").GetProperty("info").GetRawText());
        await bob.SendTextAsync("""{"type":"publish","channel":"cursors:board","data":1}""");
        Assert.Equal("not_allowed", (await NextAsync(bob, "error")).GetProperty("code").GetString());
        await bob.DisposeAsync();
        await NextAsync(ann, "leave");
    }

    private static async Task PageAsync<T>(string title)
        where T : class
    {
        await using var app = new WebApplicationFactory<T>();
        using var http = app.CreateClient();
        Assert.Contains($"<title>{title}</title>", await http.GetStringAsync(new Uri("/", UriKind.Relative)), StringComparison.Ordinal);
        foreach (var (file, type) in new[] { ("/tidings.js", "text/javascript"), ("/theme.css", "text/css") })
        {
            using var response = await http.GetAsync(new Uri(file, UriKind.Relative));
            Assert.Equal((HttpStatusCode.OK, type), (response.StatusCode, response.Content.Headers.ContentType!.MediaType));
        }
    }

    private static async Task<TestWebSocket> SubscribeAsync<T>(WebApplicationFactory<T> app, string channel, string more = "", Dictionary<string, string>? cookie = null)
        where T : class
    {
        var ws = await ConnectAsync(app, cookie);
        if (cookie is not null)
        {
            // The server has subscribed the user to it already, from now on; this is to have what was before.
            await ws.SendTextAsync($$"""{"type":"unsubscribe","channel":"{{channel}}"}""");
        }

        await ws.SendTextAsync($$"""{"type":"subscribe","channel":"{{channel}}"{{more}}}""");
        await NextAsync(ws, "subscribed");
        return ws;
    }

    // As from the sample's own page: who comes by cookie must say where from.
    private static Task<TestWebSocket> ConnectAsync<T>(WebApplicationFactory<T> app, Dictionary<string, string>? cookie)
        where T : class => app.ConnectWebSocketAsync("/connect", headers: new() { ["Origin"] = "http://localhost" }, cookies: cookie);

    private static async Task<JsonElement> NextAsync(TestWebSocket ws, string type)
    {
        while (true)
        {
            var one = JsonElement.Parse(await ws.ReceiveTextAsync());
            if (one.GetProperty("type").GetString() == type)
            {
                return one;
            }
        }
    }

    private static async Task<Dictionary<string, string>> SignInAsync(HttpClient http, string name)
    {
        using var response = await http.PostAsync(new Uri($"/sign-in?name={name}", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var cookie = response.Headers.GetValues("Set-Cookie").Single().Split(';')[0].Split('=', 2);
        return new() { [cookie[0]] = cookie[1] };
    }
}
