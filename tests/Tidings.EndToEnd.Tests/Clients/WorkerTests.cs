using System.Net.Http.Json;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Clients;

/// <summary><c>/tidings.js</c> in workers of a real Chromium, where there is no document.</summary>
public sealed class WorkerTests : ServerTests
{
    // Loads the module, and says all that it hears to whoever started it.
    private const string Script = """
        import(origin + '/tidings.js').then(({ Tidings }) => {
          const tidings = new Tidings('/connect', { transports: [kind] });
          const room = tidings.subscribe('chat:worker', { last: 1 });
          tidings.on('connected', ({ transport }) => say(transport));
          room.on('message', ({ data, own }) => say(own ? `own ${data}` : data));
          room.publish('from the worker').catch((error) => say(String(error)));
        }).catch((error) => say(String(error)));
        """;

    [Theory]
    [InlineData("websocket")]
    [InlineData("sse")]
    [InlineData("polling")]
    public async Task A_worker_follows_a_channel_by_an_address_that_is_relative_to_it(string kind)
    {
        await using var browsing = await Browsing.StartAsync(StartAsync());
        var server = browsing.Server;
        var page = await browsing.NewPageAsync();
        await page.GotoAsync($"{server.Url}healthz");
        await page.EvaluateAsync(
            $$"""
            () => {
              window.heard = [];
              const script = `const origin = '${location.origin}', kind = '{{kind}}', say = (word) => postMessage(word);` + {{System.Text.Json.JsonSerializer.Serialize(Script)}};
              window.worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })), { type: 'module' });
              worker.onmessage = ({ data }) => heard.push(data);
              worker.onerror = ({ message }) => heard.push(message);
            }
            """);
        await page.WaitForFunctionAsync("heard.length >= 2", null, new() { Timeout = 40_000 });
        using var response = await server.Http.PostAsJsonAsync("/api/publish", new { channel = "chat:worker", data = "from outside" });
        response.EnsureSuccessStatusCode();
        await page.WaitForFunctionAsync("heard.length >= 3", null, new() { Timeout = 40_000 });
        Assert.Equal([kind, "own from the worker", "from outside"], await page.EvaluateAsync<string[]>("heard"));
    }
}
