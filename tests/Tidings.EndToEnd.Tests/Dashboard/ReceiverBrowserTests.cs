using Microsoft.Playwright;
using TestKit;
using Tidings.EndToEnd.Tests.Clients;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Dashboard;

/// <summary>The dashboard's panel of those who are told of events, in a real Chromium.</summary>
public sealed class ReceiverBrowserTests() : ServerTests(Pump.Lanes)
{
    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task What_is_not_taken_is_shown_with_its_reason_and_sent_again_by_a_press(int width, ColorScheme colors)
    {
        await using var away = await EventBackEnd.StartAsync();
        await using var refuses = await EventBackEnd.StartAsync();
        away.Answer = static (_, _) => Task.FromResult<int?>(503);
        refuses.Answer = static (events, _) => Task.FromResult<int?>(events.Any(static one => EventBackEnd.Line(one).Contains("lobby", StringComparison.Ordinal)) ? 500 : 204);
        await using var browsing = await Browsing.StartAsync(StartAsync(
            ("Tidings:Events:0:Url", away.Url), ("Tidings:Events:0:Secret", EventBackEnd.Secret),
            ("Tidings:Events:1:Url", refuses.Url), ("Tidings:Events:1:Secret", EventBackEnd.Secret)));
        await using var room = await browsing.Server.ConnectSettledAsync("/ws/lobby");
        var page = await browsing.NewPageAsync();
        await page.EmulateMediaAsync(new() { ColorScheme = colors });
        await page.SetViewportSizeAsync(width, 850);
        await page.GotoAsync($"{browsing.Server.Url}dashboard");
        await page.Locator("#tab-receivers").ClickAsync();
        var rows = page.Locator("#receivers-table tbody tr");
        var first = rows.Filter(new() { HasText = new Uri(away.Url).Authority });
        await Assertions.Expect(first).ToContainTextAsync("away");
        await Assertions.Expect(first).ToContainTextAsync("status 503");
        await Assertions.Expect(rows.Filter(new() { HasText = "refused" }).First).ToContainTextAsync("status 500");
        Assert.InRange(await page.EvaluateAsync<int>("document.documentElement.scrollWidth"), 1, width);
        await ShowAsync(page, $"events-{width}-{colors}.png");

        away.Answer = static (_, _) => Task.FromResult<int?>(204);
        await first.GetByRole(AriaRole.Button, new() { Name = "Send again" }).ClickAsync();
        await Assertions.Expect(page.Locator("#receivers-note")).ToHaveTextAsync("What waits is sent again within two seconds.");
        await Eventually.EqualAsync(2, () => away.Taken.Count, "what was taken");
        await Assertions.Expect(first).ToContainTextAsync("telling");
        await Assertions.Expect(first.GetByRole(AriaRole.Button)).ToBeHiddenAsync();
        await ShowAsync(page, $"events-{width}-{colors}-sent.png");
        browsing.ExpectNoComplaints();
    }

    // For people to look at.
    private static async Task ShowAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("TIDINGS_SCREENSHOTS") is { } folder)
        {
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name) });
        }
    }
}
