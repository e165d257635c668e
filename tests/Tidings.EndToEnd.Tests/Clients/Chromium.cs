using Microsoft.Playwright;

namespace Tidings.EndToEnd.Tests.Clients;

/// <summary>A headless Chromium of one test. <c>./test</c> installs the program.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    // Milliseconds that a page may take to show what a test expects: machines are busy.
    private const float Patience = 20_000;

    private static readonly BrowserTypeLaunchOptions Launch = new()
    {
        ExecutablePath = "/usr/bin/chromium",
        Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    };

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Chromium(IPlaywright playwright, IBrowser browser)
    {
        _playwright = playwright;
        _browser = browser;
    }

    public static async Task<Chromium> StartAsync()
    {
        Assertions.SetDefaultExpectTimeout(Patience);
        var playwright = await Playwright.CreateAsync();
        return new Chromium(playwright, await playwright.Chromium.LaunchAsync(Launch));
    }

    /// <summary>A window with storage of its own, which takes any certificate.</summary>
    public Task<IPage> NewPageAsync() => _browser.NewPageAsync(new() { IgnoreHTTPSErrors = true });

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
