using System.Text;
using System.Text.Json;
using Microsoft.Playwright;
using TestKit;
using Tidings.Brokers;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Messages;

namespace Tidings.EndToEnd.Tests.Clients;

/// <summary>A real Chromium's own <c>EventSource</c>, without any client of ours.</summary>
public sealed class EventSourceTests : ServerTests
{
    // A page without a policy of its own that says nothing by itself.
    private const string Page = "/healthz";

    [Fact]
    public async Task It_is_cut_off_comes_back_by_itself_and_has_everything_once_and_in_order()
    {
        const int Before = 10;
        const int Meanwhile = 50;
        await using var server = await StartAsync();
        await using var proxy = new FaultProxy(server.Port);
        await using var browsing = await Browsing.StartAsync($"http://127.0.0.1:{proxy.Port}");
        await browsing.ListenAsync("/connect?channel=chat:a");
        for (var round = 0; round < 2; round++)
        {
            await SayAsync(server, Enumerable.Range((round * (Before + Meanwhile)) + 1, Before).Select(static i => $"{i}"));
            await browsing.ExpectCountAsync("message", (round * (Before + Meanwhile)) + Before);
            proxy.CutAll();
            await SayAsync(server, Enumerable.Range((round * (Before + Meanwhile)) + Before + 1, Meanwhile).Select(static i => $"{i}"));
        }

        await browsing.ExpectCountAsync("message", 2 * (Before + Meanwhile));
        Assert.Equal(Enumerable.Range(1, 2 * (Before + Meanwhile)), (await browsing.HeardAsync()).Where(IsMessage).Select(static heard => heard.GetProperty("data").GetInt32()));
        Assert.DoesNotContain(await browsing.HeardAsync(), static heard => heard.GetProperty("type").GetString() == "gap");
    }

    [Fact]
    public async Task B31_Events_out_are_events_in_whatever_characters_they_have()
    {
        await using var server = await StartAsync();
        await using var browsing = await Browsing.StartAsync(server.Url.ToString());
        await browsing.ListenAsync("/connect?channel=chat:a");
        await SayAsync(server, EventBreakers.Texts.Select(static text => JsonSerializer.Serialize(text)));
        await browsing.ExpectCountAsync("message", EventBreakers.Texts.Count);
        var heard = await browsing.HeardAsync();
        Assert.Equal(EventBreakers.Texts, heard.Where(IsMessage).Select(static message => message.GetProperty("data").GetString()!));
        Assert.Equal(1 + EventBreakers.Texts.Count, heard.Count);
    }

    [Fact]
    public async Task Who_must_stay_away_comes_back_once_and_no_more()
    {
        await using var server = await StartAsync();
        await using var browsing = await Browsing.StartAsync(server.Url.ToString());
        await browsing.ListenAsync("/connect");
        var connected = Assert.Single(await browsing.HeardAsync());
        await server.Services.Node.Facade.DisconnectAsync(connected.GetProperty("connection").GetString()!);
        await browsing.Page.WaitForFunctionAsync("() => source.readyState === EventSource.CLOSED", null, new() { Timeout = 15_000 });
        Assert.Equal(["connected", "disconnecting"], (await browsing.HeardAsync()).Select(static heard => heard.GetProperty("type").GetString()));
        await server.ExpectIdleAsync();
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("https://app.example.com", false)]
    public async Task A_page_of_another_origin_reads_what_it_may(string? allowed, bool reads)
    {
        await using var server = await StartAsync([.. allowed is null ? Array.Empty<(string, string?)>() : [("Tidings:AllowedOrigins:0", allowed)]]);
        await using var proxy = new FaultProxy(server.Port);
        await using var browsing = await Browsing.StartAsync(server.Url.ToString());
        await browsing.OpenAsync($"http://127.0.0.1:{proxy.Port}/connect?channel=chat:a");
        await browsing.Page.WaitForFunctionAsync(reads ? "() => heard.length === 1" : "() => source.readyState === EventSource.CLOSED", null, new() { Timeout = 15_000 });
        Assert.Equal(reads ? 1 : 0, (await browsing.HeardAsync()).Count);

        // A command is asked for first, as its type is JSON.
        var posting = browsing.Page.EvaluateAsync<string>(
            "url => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{\"type\":\"ping\"}' }).then(answer => answer.text(), error => error.name)",
            $"http://127.0.0.1:{proxy.Port}/connect");
        Assert.Equal(reads ? """{"type":"pong"}""" : "TypeError", await posting);
    }

    private static bool IsMessage(JsonElement heard) => heard.GetProperty("type").GetString() == "message";

    private static async Task SayAsync(TestServer server, IEnumerable<string> json)
    {
        foreach (var text in json)
        {
            await server.Services.Node.Broker.PublishAsync(new Publication("chat:a", new MessageData(DataKind.Json, Encoding.UTF8.GetBytes(text))));
        }
    }

    private sealed class Browsing(Chromium chromium, IPage page) : IAsyncDisposable
    {
        public IPage Page => page;

        public static async Task<Browsing> StartAsync(string origin)
        {
            var chromium = await Chromium.StartAsync();
            var page = await chromium.NewPageAsync();
            await page.GotoAsync(origin.TrimEnd('/') + EventSourceTests.Page);
            return new Browsing(chromium, page);
        }

        /// <summary>Opens a stream and waits until it has begun.</summary>
        public async Task ListenAsync(string url)
        {
            await OpenAsync(url);
            await ExpectCountAsync("connected", 1);
        }

        public Task OpenAsync(string url) => page.EvaluateAsync(
            "url => { window.heard = []; window.source = new EventSource(url); source.onmessage = event => heard.push(JSON.parse(event.data)); }", url);

        public Task ExpectCountAsync(string type, int count) =>
            page.WaitForFunctionAsync("([type, count]) => heard.filter(event => event.type === type).length >= count", new object[] { type, count }, new() { Timeout = 30_000 });

        public async Task<IReadOnlyList<JsonElement>> HeardAsync() =>
            [.. JsonDocument.Parse(await page.EvaluateAsync<string>("() => JSON.stringify(heard)")).RootElement.EnumerateArray()];

        public ValueTask DisposeAsync() => chromium.DisposeAsync();
    }
}
