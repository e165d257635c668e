using Microsoft.Playwright;
using TestKit;
using Tidings.EndToEnd.Tests.Clients;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Dashboard;

/// <summary>One connection is followed in the dashboard, in a real Chromium.</summary>
public sealed class FollowBrowserTests() : ServerTests(Pump.Lanes)
{
    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task What_it_says_and_gets_is_shown_while_the_dialog_is_open(int width, ColorScheme colors)
    {
        await using var browsing = await Browsing.StartAsync(StartAsync());
        await using var client = await browsing.Server.ConnectAsync("/connect?ping=frame");
        await client.ReceiveTextAsync();
        var page = await browsing.NewPageAsync();
        await page.EmulateMediaAsync(new() { ColorScheme = colors });
        await page.SetViewportSizeAsync(width, 850);
        await page.GotoAsync($"{browsing.Server.Url}dashboard");
        await page.Locator("#tab-connections").ClickAsync();
        var follow = page.Locator("#connections-table tbody").GetByRole(AriaRole.Button, new() { Name = "Follow" });
        await follow.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#follow-note")).ToContainTextAsync("Live until");
        await client.SendTextAsync("""{"type":"auth","token":"4711"}""");
        await client.SendTextAsync("""{"type":"subscribe","channel":"chat:lobby","id":1}""");
        await client.SendTextAsync("""{"type":"publish","channel":"chat:lobby","data":{"text":"<img src=x onerror=alert(1)>"},"id":2}""");
        await client.SendTextAsync($$"""{"type":"publish","channel":"chat:lobby","data":"{{new string('x', 3000)}}","id":3}""");
        var frames = page.Locator("#follow-frames li");
        await Assertions.Expect(frames.First.Locator(".text")).ToHaveTextAsync("""{"type":"auth","token":"***"}""");
        await Assertions.Expect(page.Locator("#follow-frames")).ToContainTextAsync("<img src=x onerror=alert(1)>");
        await Assertions.Expect(page.Locator("#follow-frames")).ToContainTextAsync("xxx… (3,0");
        Assert.InRange(await page.EvaluateAsync<int>("document.documentElement.scrollWidth"), 1, width);
        await ShowAsync(page, $"follow-{width}-{colors}.png");

        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(follow).ToBeFocusedAsync();
        await Eventually.EqualAsync(0, () => browsing.Server.Services.Node.Followers.Count, "Who follows");
        await ShowAsync(page, $"follow-{width}-{colors}-list.png");

        await follow.ClickAsync();
        await Assertions.Expect(page.Locator("#follow-note")).ToContainTextAsync("Live until");
        await Assertions.Expect(frames).ToHaveCountAsync(0);
        await client.SendCloseAsync(1000, "enough");
        await Assertions.Expect(page.Locator("#follow-note")).ToHaveTextAsync("The connection has ended: 1000 enough.");
        await page.Locator("#follow-stop").ClickAsync();
        await Assertions.Expect(page.Locator("#follow")).ToBeHiddenAsync();
        browsing.ExpectNoComplaints(but: "/frames");
    }

    [Fact]
    public async Task Why_it_cannot_be_followed_is_said_in_the_servers_words()
    {
        await using var browsing = await Browsing.StartAsync(StartAsync());
        await using var room = await browsing.Server.ConnectSettledAsync("/ws/lobby");
        var connection = (await browsing.Server.Registry.ListAsync(static connections => connections, TestContext.Current.CancellationToken))[0];
        var others = Enumerable.Range(0, Connections.ConnectionFollowers.MostOfConnection).Select(_ => browsing.Server.Services.Node.Followers.TryBegin(connection)!).ToList();
        var page = await browsing.NewPageAsync();
        await page.GotoAsync($"{browsing.Server.Url}dashboard");
        await page.Locator("#tab-connections").ClickAsync();
        await page.Locator("#connections-table tbody").GetByRole(AriaRole.Button, new() { Name = "Follow" }).ClickAsync();
        await Assertions.Expect(page.Locator("#follow-note[data-kind=error]")).ToContainTextAsync("At most 4 may follow a connection");
        others.ForEach(static one => one.Dispose());
        browsing.ExpectNoComplaints(but: "429");
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
