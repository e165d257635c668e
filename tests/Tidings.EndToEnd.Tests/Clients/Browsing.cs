using System.Collections.Concurrent;
using Microsoft.Playwright;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Clients;

/// <summary>A browser, the server that its pages come from, and what they complained of.</summary>
internal sealed class Browsing(TestServer server, Chromium chromium) : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _complaints = [];

    public TestServer Server => server;

    public static async Task<Browsing> StartAsync(Task<TestServer> starting) => new(await starting, await Chromium.StartAsync());

    /// <summary>Opens the start page in a window of its own and waits until it is in <paramref name="room"/>.</summary>
    public async Task<IPage> OpenAsync(string room)
    {
        var page = await NewPageAsync();
        await page.GotoAsync($"{server.Url}#room={room}");
        await Assertions.Expect(page.Locator("#state[data-state=open]")).ToBeVisibleAsync(new() { Timeout = 20_000 });
        return page;
    }

    /// <summary>A window of its own whose complaints are heard.</summary>
    public async Task<IPage> NewPageAsync()
    {
        var page = await chromium.NewPageAsync();
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _complaints.Enqueue($"{message.Type}: {message.Text} {message.Location}");
            }
        };
        page.PageError += (_, error) => _complaints.Enqueue(error);
        page.RequestFailed += (_, request) => _complaints.Enqueue($"failed: {request.Url}");
        page.Dialog += (_, dialog) => _complaints.Enqueue($"dialog: {dialog.Message}");
        return page;
    }

    /// <summary>Errors of scripts, violations of the content security policy and failed requests all show on the console.</summary>
    /// <param name="but">What is part of a complaint that was to be expected.</param>
    public void ExpectNoComplaints(string? but = null)
    {
        var complaints = _complaints.Where(complaint => but is null || !complaint.Contains(but, StringComparison.Ordinal)).ToList();
        Assert.True(complaints.Count == 0, string.Join('\n', complaints));
    }

    public async ValueTask DisposeAsync()
    {
        await chromium.DisposeAsync();
        await server.DisposeAsync();
    }
}
