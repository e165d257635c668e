using System.Net.Http.Json;
using Microsoft.Playwright;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Clients;

/// <summary>Samples of channels in a real Chromium: what one window does, the other shows.</summary>
public sealed class SampleBrowserTests
{
    [Fact]
    public async Task Chat_edits_takes_back_and_scrolls_back()
    {
        await using var sample = ServerProcess.StartSample("ChatPage");
        var address = await sample.ListeningAsync();
        await using var chromium = await Chromium.StartAsync();
        var ann = await OpenAsync(chromium, address);
        var bob = await OpenAsync(chromium, address);
        await ann.Locator("#name").FillAsync("ann");
        for (var i = 1; i <= 70; i++)
        {
            await ann.Locator("#text").FillAsync($"line {i}");
            await ann.Locator("#text").PressAsync("Enter");
        }

        await Assertions.Expect(bob.Locator("li .text").Last).ToHaveTextAsync("ann line 70");

        // Whoever comes later has the newest, and pages back.
        var late = await OpenAsync(chromium, address);
        await Assertions.Expect(late.Locator("li")).ToHaveCountAsync(30);
        await late.Locator("#earlier").ClickAsync();
        await Assertions.Expect(late.Locator("li")).ToHaveCountAsync(60);
        await late.Locator("#earlier").ClickAsync();
        await Assertions.Expect(late.Locator("li .text").First).ToHaveTextAsync("ann line 1");
        await Assertions.Expect(late.Locator("#earlier")).ToBeHiddenAsync();

        await bob.Locator("#name").FillAsync("bob");
        await bob.Locator("#text").PressSequentiallyAsync("thinking");
        await Assertions.Expect(ann.Locator("#typing")).ToHaveTextAsync("bob is typing …");

        await ann.Locator("li").Last.HoverAsync();
        await ann.Locator("li").Last.GetByTitle("Edit").ClickAsync();
        await ann.Locator("li input").FillAsync("<b>edited</b>");
        await ann.Locator("li input").PressAsync("Enter");
        foreach (var page in new[] { ann, bob, late, await OpenAsync(chromium, address) })
        {
            await Assertions.Expect(page.Locator("li .text").Last).ToHaveTextAsync("ann <b>edited</b> (edited)");
        }

        await bob.Locator("li").Last.HoverAsync();
        await bob.Locator("li").Last.GetByTitle("Take back").ClickAsync();
        foreach (var page in new[] { ann, bob, late, await OpenAsync(chromium, address) })
        {
            await Assertions.Expect(page.Locator("li .text").Last).ToHaveTextAsync("ann line 69");
        }
    }

    [Fact]
    public async Task A_board_is_the_same_in_three_windows_over_a_network_that_is_cut()
    {
        await using var sample = ServerProcess.StartSample("Board");
        var address = await sample.ListeningAsync();
        await using var network = new FaultProxy(address.Port);
        await using var chromium = await Chromium.StartAsync();
        var pages = new List<IPage>();
        for (var i = 0; i < 3; i++)
        {
            pages.Add(await OpenAsync(chromium, new UriBuilder(address) { Port = network.Port }.Uri));
        }

        for (var round = 0; round < 6; round++)
        {
            var page = pages[round % pages.Count];
            await page.Locator("#text").FillAsync($"card {round}");
            await page.Locator("#text").PressAsync("Enter");
            network.CutAll();
        }

        foreach (var page in pages)
        {
            // Who is cut off again and again comes back after up to half a minute.
            await Assertions.Expect(page.Locator(".card")).ToHaveCountAsync(6, new() { Timeout = 60_000 });
        }

        // Moved by keys in one window, taken away in another.
        await pages[0].Locator(".card", new() { HasText = "card 3" }).FocusAsync();
        for (var i = 0; i < 60; i++)
        {
            await pages[0].Keyboard.PressAsync("ArrowLeft");
        }

        network.CutAll();
        await pages[1].Locator(".card", new() { HasText = "card 5" }).GetByRole(AriaRole.Button).ClickAsync();
        foreach (var page in pages)
        {
            await Assertions.Expect(page.Locator(".card")).ToHaveCountAsync(5);
            await Assertions.Expect(page.Locator(".card", new() { HasText = "card 3" })).ToHaveCSSAsync("left", "0px");
        }
    }

    [Fact]
    public async Task The_dotnet_client_runs_in_Blazor_WebAssembly_and_its_token_is_a_subprotocol()
    {
        await using var sample = ServerProcess.StartSample("Blazor");
        var address = await sample.ListeningAsync();
        using var http = new HttpClient { BaseAddress = address };
        await using var chromium = await Chromium.StartAsync();
        var page = await OpenAsync(chromium, address, patience: 120_000);

        using var answer = await http.PostAsJsonAsync("news", new { title = "It has left", text = "It arrives on <b>Friday</b>." });

        answer.EnsureSuccessStatusCode();
        await Assertions.Expect(page.Locator("li")).ToHaveTextAsync("It has leftIt arrives on <b>Friday</b>.");
    }

    private static async Task<IPage> OpenAsync(Chromium chromium, Uri address, float? patience = null)
    {
        var page = await chromium.NewPageAsync();
        await page.GotoAsync(address.ToString());
        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("connected", new() { Timeout = patience });
        return page;
    }
}
