using System.Net;
using Microsoft.Playwright;
using TestKit;
using Tidings.EndToEnd.Tests.Clients;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Markup in whatever others can say: no page of ours runs it, and no answer of ours is a page that could.</summary>
public sealed class B33_Markup : ServerTests
{
    private const string Markup = "<img src=x onerror=alert(1)>";

    [Fact]
    public async Task No_dialog_opens_whatever_is_said_named_or_answered()
    {
        await using var server = await StartAsync();
        await using var control = await ControlPair.StartAsync(server.Port);
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.NewPageAsync();
        var dialogs = 0;
        page.Dialog += (_, dialog) =>
        {
            Interlocked.Increment(ref dialogs);
            _ = dialog.DismissAsync();
        };
        await page.GotoAsync($"{server.Url}#room={Uri.EscapeDataString(Markup)}");
        await page.GotoAsync("about:blank");
        await page.GotoAsync($"{server.Url}#room=lobby");
        await Assertions.Expect(page.Locator("#state[data-state=open]")).ToBeVisibleAsync(new() { Timeout = 20_000 });
        await using var speaker = await server.ConnectAsync("/ws/lobby");
        foreach (var text in new[] { Markup, "<script>alert(1)</script>", "\"><svg onload=alert(1)>", "javascript:alert(1)", "</p></li>" + Markup })
        {
            await speaker.SendTextAsync(text);
        }

        await Assertions.Expect(page.Locator("#messages li.said")).ToHaveCountAsync(5);
        Assert.Equal(0, await page.Locator("#messages img, #messages script, #messages svg").CountAsync());
        foreach (var path in new[] { $"ws/{Uri.EscapeDataString(Markup)}", $"api/history?channel={Uri.EscapeDataString(Markup)}", $"connect?since={Uri.EscapeDataString(Markup)}" })
        {
            await page.GotoAsync($"{server.Url}{path}");
        }

        Assert.Equal(0, dialogs);
        await control.ExpectUnharmedAsync();
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/pages/page.js")]
    [InlineData("/ws/%3Cimg%3E")]
    [InlineData("/nothing/%3Cimg%3E")]
    [InlineData("/api/history?channel=%3Cimg%3E")]
    [InlineData("/connect?since=%3Cimg%3E")]
    [InlineData("/healthz")]
    public async Task Every_answer_says_what_it_is_and_errors_are_no_pages(string path)
    {
        await using var server = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Accept", "text/html" } } };
        using var response = await server.Http.SendAsync(request);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        if (response.StatusCode != HttpStatusCode.OK)
        {
            Assert.Contains(response.Content.Headers.ContentType?.MediaType, new[] { null, "text/plain", "application/json", "application/problem+json" });
        }
        else if (response.Content.Headers.ContentType!.MediaType == "text/html")
        {
            Assert.Contains("default-src 'self'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        }
    }
}
