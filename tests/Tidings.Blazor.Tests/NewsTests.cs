using Bunit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tidings.Client;
using Tidings.Samples.Blazor;
using TestContext = Xunit.TestContext;

namespace Tidings.Blazor.Tests;

/// <summary>The component of samples/Blazor, with the .NET client in it, beside a server on a port of its own.</summary>
public sealed class NewsTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly BunitContext _browser = new();
    private readonly WebApplication _server = Serve();

    private Uri Connect => new(new Uri(_server.Urls.First()), "connect");

    private ITidings Tidings => _server.Services.GetRequiredService<ITidings>();

    public async ValueTask InitializeAsync()
    {
        await _server.StartAsync(TestContext.Current.CancellationToken);
        _browser.Services.AddTidingsClient(Connect);
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task What_was_published_is_there_and_what_is_published_comes_above_it()
    {
        await PublishAsync("Old");
        var page = _browser.Render<News>();
        await page.WaitForAssertionAsync(() => Assert.Equal("connected", page.Find("#state").TextContent), Patience);
        await page.WaitForAssertionAsync(() => Assert.Equal(["Old"], Titles(page)), Patience);

        await PublishAsync("New");

        await page.WaitForAssertionAsync(() => Assert.Equal(["New", "Old"], Titles(page)), Patience);
    }

    [Fact]
    public async Task At_most_fifty_are_shown_and_markup_is_text()
    {
        for (var i = 1; i <= 60; i++)
        {
            await PublishAsync($"<i>{i}</i>");
        }

        var page = _browser.Render<News>();

        await page.WaitForAssertionAsync(() => Assert.Equal(Enumerable.Range(11, 50).Reverse().Select(static i => $"<i>{i}</i>"), Titles(page)), Patience);
        Assert.Empty(page.FindAll("i"));
    }

    [Fact]
    public async Task A_page_that_is_left_leaves_the_channel()
    {
        var page = _browser.Render<News>();
        await page.WaitForAssertionAsync(() => Assert.Equal("connected", page.Find("#state").TextContent), Patience);

        await using var other = new TidingsClient(Connect);
        await using var watching = other.Subscribe("news", new Client.SubscribeOptions { Presence = true });
        await using var told = watching.GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await told.MoveNextAsync());
        Assert.Equal(2, Assert.IsType<ChannelSubscribed>(told.Current).Presence!.Count);

        await _browser.DisposeComponentsAsync();

        Assert.True(await told.MoveNextAsync());
        Assert.IsType<ChannelLeave>(told.Current);
    }

    private static IEnumerable<string> Titles(IRenderedComponent<News> page) => page.FindAll("li b").Select(static title => title.TextContent);

    private Task PublishAsync(string title) => Tidings.PublishAsync("news", new Item(title, "text"), cancellationToken: TestContext.Current.CancellationToken).AsTask();

    private static WebApplication Serve()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddTidings();
        builder.WebHost.UseTidings();
        var app = builder.Build();
        app.MapTidings("/connect").MapChannel("news").WithHistory(50).WithPresence();
        return app;
    }
}
