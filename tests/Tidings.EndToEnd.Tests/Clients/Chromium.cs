using System.Collections.Concurrent;
using Microsoft.Playwright;
using Tidings.EndToEnd.Tests.Clients;

[assembly: AssemblyFixture(typeof(ChromiumEnd))]

namespace Tidings.EndToEnd.Tests.Clients;

/// <summary>The windows of one test in a headless Chromium that all tests share, as its start takes seconds. <c>./test</c> installs the program.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    // Milliseconds that a page may take to show what a test expects: machines are busy.
    private const float Patience = 20_000;

    private static readonly BrowserTypeLaunchOptions Launch = new()
    {
        ExecutablePath = "/usr/bin/chromium",
        Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    };

    private static readonly SemaphoreSlim Starting = new(1);

    private static IPlaywright? _playwright;
    private static IBrowser? _browser;

    private readonly IBrowser _shared;
    private readonly ConcurrentBag<IPage> _pages = [];

    private Chromium(IBrowser shared) => _shared = shared;

    public static async Task<Chromium> StartAsync()
    {
        await Starting.WaitAsync();
        try
        {
            if (_browser is not { IsConnected: true })
            {
                await EndAsync();
                Assertions.SetDefaultExpectTimeout(Patience);
                _playwright = await Playwright.CreateAsync();
                _browser = await _playwright.Chromium.LaunchAsync(Launch);
            }

            return new Chromium(_browser);
        }
        finally
        {
            Starting.Release();
        }
    }

    /// <summary>Ends the browser.</summary>
    public static async Task EndAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        (_browser, _playwright) = (null, null);
    }

    /// <summary>A window with storage of its own, which takes any certificate.</summary>
    public async Task<IPage> NewPageAsync()
    {
        var page = await _shared.NewPageAsync(new() { IgnoreHTTPSErrors = true });
        _pages.Add(page);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var page in _pages)
        {
            await page.Context.CloseAsync();
        }
    }
}

/// <summary>Ends the browser after the last test.</summary>
public sealed class ChromiumEnd : IAsyncDisposable
{
    public async ValueTask DisposeAsync() => await Chromium.EndAsync();
}
