using System.Collections.Concurrent;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Clients;

/// <summary>The start page in a real Chromium. <c>./test</c> installs it.</summary>
public sealed class BrowserTests : ServerTests
{
    [Fact]
    public async Task Two_pages_in_a_room_talk_and_markup_is_shown_as_text()
    {
        await using var browsing = await Browsing.StartAsync(StartAsync());
        var ann = await browsing.OpenAsync("chat-1");
        var bob = await browsing.OpenAsync("chat-1");
        await SayAsync(ann, "<b>hi</b> 中文 👋");
        foreach (var page in new[] { ann, bob })
        {
            await Assertions.Expect(page.Locator("#messages li.said p.text").First).ToHaveTextAsync("<b>hi</b> 中文 👋");
            Assert.Equal(0, await page.Locator("#messages b").CountAsync());
        }

        await SayAsync(bob, "<img src=x onerror=alert(1)>");
        await Assertions.Expect(ann.Locator("#messages li.said p.text").Nth(1)).ToHaveTextAsync("<img src=x onerror=alert(1)>");
        Assert.Equal(0, await ann.Locator("#messages img").CountAsync());
        await browsing.Server.PublishAsync("chat-1", "& from the server");
        await Assertions.Expect(bob.Locator("#messages li.said p.text").Nth(2)).ToHaveTextAsync("& from the server");
        browsing.ExpectNoComplaints();
    }

    [Fact]
    public async Task A_page_whose_connection_is_cut_comes_back_by_itself()
    {
        await using var browsing = await Browsing.StartAsync(StartAsync());
        var page = await browsing.OpenAsync("chat-2");

        // It may be back before anybody looks.
        await page.EvaluateAsync("""
            states = [];
            new MutationObserver(() => states.push(document.getElementById("state").dataset.state)).observe(document.getElementById("state"), { attributes: true });
            """);
        await page.Locator("#drop").ClickAsync();
        await Eventually.TrueAsync(() => page.EvaluateAsync<bool>("states.some(state => state !== 'open') && states.at(-1) === 'open'"), () => "it was away, and is back");
        await SayAsync(page, "back again");
        await Assertions.Expect(page.Locator("#messages li.said p.text").Last).ToHaveTextAsync("back again");
        browsing.ExpectNoComplaints();
    }

    [Fact]
    public async Task The_page_counts_pings_and_shows_echoed_text_and_bytes()
    {
        await using var browsing = await Browsing.StartAsync(StartAsync(("Tidings:Heartbeat:Interval", "300ms")));
        var page = await browsing.OpenAsync("chat-3");
        await Assertions.Expect(page.Locator("#pings")).Not.ToHaveTextAsync("0");
        await page.Locator("#echo-input").FillAsync("<i>echo</i>");
        await page.Locator("#echo-send").ClickAsync();
        await Assertions.Expect(page.Locator("#echo-output li[data-kind=text] .text").First).ToContainTextAsync("Echo: <i>echo</i>");
        await page.Locator("#echo-send-bytes").ClickAsync();
        await Assertions.Expect(page.Locator("#echo-output li[data-kind=binary]").First).ToBeVisibleAsync();
        browsing.ExpectNoComplaints();
    }

    [Fact]
    public async Task The_channel_behind_the_room_is_shown_with_its_offsets_and_recovers_what_was_missed()
    {
        await using var browsing = await Browsing.StartAsync(StartAsync());
        var page = await browsing.OpenAsync("chat-4");
        await Assertions.Expect(page.Locator("#vital-state[data-state=connected]")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#vital-transport")).ToHaveTextAsync("WebSocket");
        await Assertions.Expect(page.Locator("#vital-latency")).ToContainTextAsync("ms");
        await SayAsync(page, "<b>in the room</b>");
        await page.Locator("#tab-room").PressAsync("ArrowRight");
        await Assertions.Expect(page.Locator("#tab-channel")).ToBeFocusedAsync();
        await Assertions.Expect(page.Locator("#channel-messages li.said p.text").First).ToHaveTextAsync("<b>in the room</b>");
        await page.Locator("#channel-drop").ClickAsync();
        await browsing.Server.PublishAsync("chat-4", "meanwhile");
        await Assertions.Expect(page.Locator("#channel-messages li.said p.text").Nth(1)).ToHaveTextAsync("meanwhile", new() { Timeout = 20_000 });
        await page.Locator("#channel-message").FillAsync("""{"from":"the channel"}""");
        await page.Locator("#channel-publish").ClickAsync();
        await Assertions.Expect(page.Locator("#channel-messages li.said .offset").Nth(2)).ToHaveTextAsync("3");
        await Assertions.Expect(page.Locator("#vital-position")).ToHaveTextAsync("3");
        await page.Locator("#tab-room").ClickAsync();
        await Assertions.Expect(page.Locator("#messages li.said p.text").Last).ToHaveTextAsync("""{"from":"the channel"}""");
        browsing.ExpectNoComplaints();
    }

    [Theory]
    [InlineData("sse", "SSE")]
    [InlineData("polling", "Long polling")]
    public async Task The_channel_is_followed_over_the_transport_that_is_chosen(string transport, string name)
    {
        await using var browsing = await Browsing.StartAsync(StartAsync());
        var page = await browsing.OpenAsync("chat-5");
        await page.Locator("#tab-channel").ClickAsync();
        await page.Locator("#channel-transport").SelectOptionAsync(transport);
        await Assertions.Expect(page.Locator("#vital-transport")).ToHaveTextAsync(name);
        await page.Locator("#channel-message").FillAsync("over HTTP");
        await page.Locator("#channel-publish").ClickAsync();
        await Assertions.Expect(page.Locator("#channel-messages li.said p.text").First).ToHaveTextAsync("over HTTP");
        await Assertions.Expect(page.Locator("#vital-latency")).ToContainTextAsync("ms");
    }

    [Fact]
    public async Task Over_TLS_a_page_opens_its_WebSocket_in_the_HTTP_2_connection_that_brought_it()
    {
        using var authority = new TestAuthority();
        authority.Issue();
        var protocols = new ConcurrentDictionary<string, string>();
        var server = TestServer.StartAsync(
            Pump.Lanes,
            configure: builder => builder.Services.AddSingleton<IStartupFilter>(new RequestNotes(context => protocols[context.Request.Path] = context.Request.Protocol)),
            settings: [("urls", "https://127.0.0.1:0"), ("Tidings:Certificates:CertificateFile", authority.CertificateFile), ("Tidings:Certificates:KeyFile", authority.KeyFile)]);
        await using var browsing = await Browsing.StartAsync(server);
        var page = await browsing.OpenAsync("chat-4");
        await SayAsync(page, "by TLS");
        await Assertions.Expect(page.Locator("#messages li.said p.text").First).ToHaveTextAsync("by TLS");
        Assert.Equal("HTTP/2", protocols["/ws/chat-4"]);
        browsing.ExpectNoComplaints();
    }

    private static async Task SayAsync(IPage page, string text)
    {
        await page.Locator("#message").FillAsync(text);
        await page.Locator("#send").ClickAsync();
    }
}
