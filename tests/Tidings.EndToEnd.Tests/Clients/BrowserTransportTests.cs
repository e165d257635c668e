using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Clients;

/// <summary><c>/tidings.js</c> and <c>EventSource</c> in a real Chromium, behind a network that is cut and lets ever less through.</summary>
public sealed class BrowserTransportTests : ServerTests
{
    private const string Channel = "chat:proof";
    private const int Missed = 50;
    private static readonly float Patience = (float)TimeSpan.FromSeconds(40).TotalMilliseconds;

    [Fact]
    public async Task What_was_missed_comes_once_and_in_order_over_WebSocket_then_streams_then_polls()
    {
        await using var server = await StartAsync();
        await using var network = new FaultProxy(server.Port);
        await using var chromium = await Chromium.StartAsync();
        var page = await OpenAsync(chromium, network);
        await page.EvaluateAsync(
            $$"""
            async () => {
              const { Tidings } = await import('/tidings.js');
              Object.assign(window, { offsets: [], gaps: [], kinds: [], found: 0 });
              window.tidings = new Tidings('/connect');
              let begun = performance.now();
              tidings.on('state', ({ state }) => { if (state === 'connecting') begun = performance.now(); });
              tidings.on('connected', ({ transport }) => { kinds.push(transport); window.found = performance.now() - begun; });
              window.room = tidings.subscribe('{{Channel}}');
              room.on('message', ({ offset }) => offsets.push(offset));
              room.on('gap', (gap) => gaps.push(gap));
            }
            """);
        List<string> blocked = [];
        network.Admits = head => !blocked.Exists(word => head.Contains(word, StringComparison.OrdinalIgnoreCase));
        var total = 0;
        foreach (var (kind, blocks) in new[] { ("websocket", null), ("sse", "upgrade: websocket"), ("polling", "text/event-stream") })
        {
            if (blocks is not null)
            {
                blocked.Add(blocks);
            }

            await CutWhileAsync(network, page, "tidings.state !== 'connected'", () => SayAsync(server, Missed));
            total += Missed;
            await page.WaitForFunctionAsync($"kinds.at(-1) === '{kind}' && offsets.length >= {total}", null, new() { Timeout = Patience });
            Assert.InRange(await page.EvaluateAsync<double>("found"), 0, 3_000);
            await ExpectAllAsync(page, total);

            await SayAsync(server, 1);
            total++;
            await page.WaitForFunctionAsync($"offsets.length >= {total}", null, new() { Timeout = Patience });
        }

        await ExpectAllAsync(page, total);
        Assert.Equal("[]", await page.EvaluateAsync<string>("JSON.stringify(gaps)"));
        var answer = await page.EvaluateAsync<JsonElement>("room.publish('from the page')");
        Assert.Equal(total + 1, answer.GetProperty("offset").GetInt32());
    }

    [Fact]
    public async Task EventSource_alone_resumes_where_it_was_cut()
    {
        await using var server = await StartAsync();
        await using var network = new FaultProxy(server.Port);
        await using var chromium = await Chromium.StartAsync();
        var page = await OpenAsync(chromium, network);
        await page.EvaluateAsync(
            $$"""
            () => {
              Object.assign(window, { offsets: [], others: [], opened: 0 });
              window.source = new EventSource('/api/events?channel={{Channel}}');
              source.onopen = () => opened++;
              source.onmessage = ({ data }) => {
                const frame = JSON.parse(data);
                if (frame.type === 'message') offsets.push(frame.offset);
                else others.push(frame.type);
              };
            }
            """);
        await page.WaitForFunctionAsync("others.includes('connected')", null, new() { Timeout = Patience });
        await SayAsync(server, 3);
        await page.WaitForFunctionAsync("offsets.length === 3", null, new() { Timeout = Patience });
        await CutWhileAsync(network, page, "source.readyState !== EventSource.OPEN", () => SayAsync(server, Missed));
        await page.WaitForFunctionAsync($"offsets.length >= {3 + Missed}", null, new() { Timeout = Patience });
        await ExpectAllAsync(page, 3 + Missed);
        Assert.Equal(["connected", "connected"], await page.EvaluateAsync<string[]>("others"));
    }

    /// <summary>Any page of the server's origin will do: this one brings no scripts of its own.</summary>
    private static async Task<IPage> OpenAsync(Chromium chromium, FaultProxy network)
    {
        var page = await chromium.NewPageAsync();
        await page.GotoAsync($"http://127.0.0.1:{network.Port}/healthz");
        return page;
    }

    /// <summary>Takes the network away, does <paramref name="meanwhile"/> once the page has noticed, and brings it back.</summary>
    private static async Task CutWhileAsync(FaultProxy network, IPage page, string noticed, Func<Task> meanwhile)
    {
        if (await page.EvaluateAsync<bool>("window.room !== undefined"))
        {
            await page.WaitForFunctionAsync("room.active", null, new() { Timeout = Patience });
        }

        await network.StopListeningAsync();
        network.CutAll();
        await page.WaitForFunctionAsync(noticed, null, new() { Timeout = Patience });
        await meanwhile();
        network.Listen();
    }

    private static async Task SayAsync(TestServer server, int count)
    {
        for (var i = 0; i < count; i++)
        {
            using var response = await server.Http.PostAsJsonAsync("/api/publish", new { channel = Channel, data = i });
            response.EnsureSuccessStatusCode();
        }
    }

    private static async Task ExpectAllAsync(IPage page, int count) =>
        Assert.Equal(Enumerable.Range(1, count), await page.EvaluateAsync<int[]>("offsets"));
}
