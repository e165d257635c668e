using System.Text.Json.Nodes;
using Microsoft.Playwright;
using TestKit;
using Tidings.EndToEnd.Tests.Clients;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Dashboard;

/// <summary>The dashboard in a real Chromium. <c>./test</c> installs it.</summary>
public sealed class DashboardBrowserTests() : ServerTests(Pump.Lanes)
{
    private const string Unauthorized = "401 (Unauthorized)";

    [Fact]
    public async Task Who_signs_in_sees_connections_come_and_go_publishes_and_disconnects()
    {
        await using var browsing = await Browsing.StartAsync(StartAsync(DashboardClient.Keys));
        var server = browsing.Server;
        var page = await SignInAsync(browsing);
        await Assertions.Expect(page.Locator("#state[data-state=live]")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#chart-memory .values b").First).ToContainTextAsync("MB");
        await using var room = await server.ConnectSettledAsync("/ws/lobby");
        await Assertions.Expect(page.Locator("#chart-connections .values b").First).ToHaveTextAsync("1");

        await page.Locator("#channels-table tbody button").ClickAsync();
        await Assertions.Expect(page.Locator("#channel-title")).ToHaveTextAsync("room:lobby");
        await page.Locator("#publish-data").FillAsync("<img src=x onerror=alert(1)>");
        await page.Locator("#publish").ClickAsync();
        await Assertions.Expect(page.Locator("#publish-note")).ToHaveTextAsync("Published at offset 1.");
        await room.ExpectTextAsync("[lobby] &lt;img src=x onerror=alert(1)&gt;");
        await Assertions.Expect(page.Locator("#channel-messages .text")).ToHaveTextAsync("\"<img src=x onerror=alert(1)>\"");
        Assert.Equal(0, await page.Locator("#channel-messages img").CountAsync());

        await page.Locator("#tab-channels").PressAsync("ArrowRight");
        await Assertions.Expect(page.Locator("#tab-connections")).ToBeFocusedAsync();
        await Assertions.Expect(page.Locator("#connections-table tbody tr")).ToContainTextAsync("room:lobby");
        await page.Locator("#connections-table tbody").GetByText("Disconnect").PressAsync("Enter");
        await page.Locator("#dialog-code").SelectOptionAsync("4110");
        await page.Locator("#dialog-reason").FillAsync("go elsewhere");
        await page.Locator("#dialog-yes").ClickAsync();
        await room.ExpectCloseAsync(4110, "go elsewhere");
        await room.SendCloseAsync(4110);
        await Assertions.Expect(page.Locator("#connections-note")).ToContainTextAsync("Disconnected");
        await Assertions.Expect(page.Locator("#connections-table tbody")).ToContainTextAsync("Nobody is connected.");
        browsing.ExpectNoComplaints(but: Unauthorized);
    }

    [Fact]
    public async Task It_lists_the_channels_of_two_nodes_and_shows_what_has_no_JSON()
    {
        await using var redis = await RedisServer.StartAsync();
        (string, string?)[] settings =
        [
            .. DashboardClient.Keys, ("Tidings:Redis", redis.Address), ("Tidings:Channels:0:Pattern", "board:*"), ("Tidings:Channels:0:State", "true"), ("Tidings:Channels:0:Publish", "anyone"),
            ("Tidings:Channels:1:Pattern", "chat:*"), ("Tidings:Channels:1:Publish", "anyone"),
        ];
        await using var browsing = await Browsing.StartAsync(StartAsync(settings));
        await using var other = await StartAsync(settings);
        await using var here = await SubscribeAsync(browsing.Server, "chat:both", "chat:here", "board:1");
        await using var there = await SubscribeAsync(other, "chat:both", "chat:there");
        var page = await SignInAsync(browsing);
        var channels = page.Locator("#channels-table tbody tr");
        foreach (var (channel, subscribers) in new[] { ("chat:both", "2"), ("chat:here", "1"), ("chat:there", "1") })
        {
            await Assertions.Expect(channels.Filter(new() { HasText = channel }).Locator("td").Last).ToHaveTextAsync(subscribers, new() { Timeout = 20_000 });
        }

        await Assertions.Expect(page.Locator("#nodes-table tbody tr")).ToHaveCountAsync(2, new() { Timeout = 20_000 });

        var tidings = other.Services.Node.Facade;
        await tidings.PublishAsync("board:1", new byte[] { 0xFF, 0 }, new PublishOptions { Key = "k" });
        await tidings.RemoveKeyAsync("board:1", "k");
        await tidings.PublishAsync("board:1", "after");
        await channels.Filter(new() { HasText = "board:1" }).Locator("button").ClickAsync();
        await Assertions.Expect(page.Locator("#channel-messages .text")).ToHaveTextAsync(["(2 bytes)", "(the key k was taken out)", "\"after\""]);
        browsing.ExpectNoComplaints(but: Unauthorized);

        static async Task<RawWebSocket> SubscribeAsync(TestServer server, params string[] channels)
        {
            var socket = await server.ConnectAsync("/connect?ping=frame");
            await socket.ReceiveTextAsync();
            foreach (var channel in channels)
            {
                await socket.SendTextAsync($$"""{"type":"subscribe","channel":"{{channel}}"}""");
                await socket.ReceiveTextAsync();
            }

            return socket;
        }
    }

    [Theory]
    [InlineData("operator")]
    [InlineData("viewer")]
    public async Task Who_signs_in_at_a_provider_of_another_site_sees_what_the_role_may_do(string role)
    {
        await using var provider = await OpenIdProvider.StartAsync("localhost");
        provider.SignsIn = new JsonObject { ["sub"] = "u1", ["email"] = "ada@example.com", ["roles"] = new JsonArray(role) };
        await using var browsing = await Browsing.StartAsync(StartAsync([.. DashboardClient.Keys, .. OpenIdSignInTests.Settings(provider)]));
        await using var room = await browsing.Server.ConnectSettledAsync("/ws/lobby");
        var page = await browsing.NewPageAsync();
        await page.GotoAsync($"{browsing.Server.Url}dashboard");
        await page.Locator("#sign-in-provider").ClickAsync();
        await Assertions.Expect(page.Locator("#state[data-state=live]")).ToBeVisibleAsync();
        Assert.EndsWith("/dashboard", page.Url, StringComparison.Ordinal);
        await Assertions.Expect(page.Locator("#who")).ToHaveTextAsync($"ada@example.com (u1) · {role}");
        await page.Locator("#channels-table tbody button").First.ClickAsync();
        await Assertions.Expect(page.Locator("#channel-title")).ToHaveTextAsync("room:lobby");
        var publish = Assertions.Expect(page.Locator("#publish-form"));
        await (role == "operator" ? publish.ToBeVisibleAsync() : publish.ToBeHiddenAsync());
        await page.Locator("#sign-out").ClickAsync();
        await Assertions.Expect(page.Locator("#sign-in-provider")).ToBeVisibleAsync();
        browsing.ExpectNoComplaints(but: Unauthorized);
    }

    [Fact]
    public async Task A_wrong_key_is_said_to_be_wrong_and_who_signs_out_is_out()
    {
        await using var browsing = await Browsing.StartAsync(StartAsync(DashboardClient.Keys));
        var page = await browsing.NewPageAsync();
        await page.GotoAsync($"{browsing.Server.Url}dashboard");
        await page.Locator("#key").FillAsync("not the admin key");
        await page.Locator("#key").PressAsync("Enter");
        await Assertions.Expect(page.Locator("#note")).ToHaveTextAsync("That is not the admin key.");
        await page.Locator("#key").FillAsync(DashboardClient.AdminKey);
        await page.Locator("#sign-in").ClickAsync();
        await Assertions.Expect(page.Locator("#state[data-state=live]")).ToBeVisibleAsync();
        Assert.EndsWith("/dashboard", page.Url, StringComparison.Ordinal);
        Assert.Equal("0 0 ", await page.EvaluateAsync<string>("`${localStorage.length} ${sessionStorage.length} ${document.cookie}`"));
        await page.Locator("#sign-out").ClickAsync();
        await Assertions.Expect(page.Locator("#key")).ToBeVisibleAsync();
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("#key")).ToBeVisibleAsync();
        browsing.ExpectNoComplaints(but: Unauthorized);
    }

    [Theory]
    [InlineData(420)]
    [InlineData(1280)]
    public async Task Every_panel_fits_the_width_and_is_reached_by_keyboard(int width)
    {
        await using var browsing = await Browsing.StartAsync(StartAsync());
        var server = browsing.Server;
        using var started = await new DashboardClient(server).PostAsync("/api/tasks", """{"name":"demo","data":{"files":100}}""");
        await using var room = await server.ConnectSettledAsync("/ws/" + new string('r', 200));
        await using var second = await server.ConnectSettledAsync("/ws/lobby");
        var page = await browsing.NewPageAsync();
        await page.SetViewportSizeAsync(width, 850);
        await page.GotoAsync($"{server.Url}dashboard");
        await Assertions.Expect(page.Locator("#state[data-state=live]")).ToBeVisibleAsync();
        foreach (var name in new[] { "channels", "connections", "tasks", "nodes", "receivers", "refusals" })
        {
            await Assertions.Expect(page.Locator($"#panel-{name}")).ToBeVisibleAsync();
            await Assertions.Expect(page.Locator($"#{name}-table tbody tr").First).ToBeVisibleAsync();
            Assert.InRange(await page.EvaluateAsync<int>("document.documentElement.scrollWidth"), 1, width);
            await page.Locator($"#tab-{name}").PressAsync("ArrowRight");
        }

        await Assertions.Expect(page.Locator("#tab-channels")).ToBeFocusedAsync();
        browsing.ExpectNoComplaints();
    }

    [Fact]
    public async Task Tables_are_searched_and_sorted_and_a_chart_says_the_figures_of_a_moment()
    {
        await using var browsing = await Browsing.StartAsync(StartAsync());
        await using var room = await browsing.Server.ConnectSettledAsync("/ws/lobby");
        await using var client = await browsing.Server.ConnectSettledAsync("/ws/clients/ada");
        foreach (var name in new[] { "b", "a" })
        {
            using var started = await new DashboardClient(browsing.Server).PostAsync("/api/tasks", $$"""{"name":"demo","task_id":"{{name}}"}""");
        }

        var page = await browsing.NewPageAsync();
        await page.GotoAsync($"{browsing.Server.Url}dashboard");
        await page.Locator("#tab-connections").ClickAsync();
        var connections = page.Locator("#connections-table tbody tr");
        await Assertions.Expect(connections.First).ToContainTextAsync("client");
        var heading = page.Locator("#connections-table th[data-sort=protocol]");
        await heading.Locator("button").ClickAsync();
        await heading.Locator("button").ClickAsync();
        await Assertions.Expect(heading).ToHaveAttributeAsync("aria-sort", "descending");
        await Assertions.Expect(connections.First).ToContainTextAsync("room");
        await Assertions.Expect(page.Locator("#connections-protocols")).ToHaveTextAsync("client 1 · room 1");
        await page.Locator("#connections-text").FillAsync("lobby");
        await page.Locator("#connections-text").PressAsync("Enter");
        await Assertions.Expect(page.Locator("#connections-protocols")).ToHaveTextAsync("room 1");

        await page.Locator("#tab-tasks").ClickAsync();
        var tasks = page.Locator("#tasks-table tbody tr");
        await Assertions.Expect(tasks).ToHaveCountAsync(2);
        await page.Locator("#tasks-table th[data-sort=task] button").ClickAsync();
        await Assertions.Expect(tasks.First).ToHaveAttributeAsync("data-key", "a");
        await page.Locator("#tasks-table th[data-sort=task] button").ClickAsync();
        await Assertions.Expect(tasks.First).ToHaveAttributeAsync("data-key", "b");
        await page.Locator("#tasks-text").FillAsync("none of them");
        await Assertions.Expect(page.Locator("#tasks-table tbody")).ToContainTextAsync("Nothing here has that in it.");

        var plot = page.Locator("#chart-connections .plot");
        await plot.HoverAsync(new() { Position = new() { X = 200, Y = 20 } });
        await Assertions.Expect(plot.Locator(".tip")).ToBeVisibleAsync();
        await Assertions.Expect(plot.Locator(".tip")).ToContainTextAsync("no figures");
        await plot.PressAsync("End");
        await Assertions.Expect(plot.Locator(".tip")).ToContainTextAsync("WebSocket 2");
        await Assertions.Expect(plot).ToHaveAttributeAsync("aria-valuetext", new System.Text.RegularExpressions.Regex("WebSocket 2 · SSE and polls 0$"));
        await plot.PressAsync("ArrowLeft");
        await Assertions.Expect(plot).ToHaveAttributeAsync("aria-valuenow", "-1");
        await plot.PressAsync("Escape");
        await Assertions.Expect(plot.Locator(".tip")).ToBeHiddenAsync();
        browsing.ExpectNoComplaints();
    }

    [Fact]
    public async Task The_page_says_that_it_lost_the_server_and_goes_on_when_that_is_back()
    {
        await using var browsing = await Browsing.StartAsync(StartAsync());
        var page = await browsing.NewPageAsync();
        await page.GotoAsync($"{browsing.Server.Url}dashboard");
        await Assertions.Expect(page.Locator("#state[data-state=live]")).ToBeVisibleAsync();
        await browsing.Server.StopAsync();
        await Assertions.Expect(page.Locator("#state[data-state=connecting]")).ToBeVisibleAsync(new() { Timeout = 20_000 });
        await using var again = await StartAsync(("urls", $"http://127.0.0.1:{browsing.Server.Port}"));
        await Assertions.Expect(page.Locator("#state[data-state=live]")).ToBeVisibleAsync(new() { Timeout = 20_000 });
    }

    private static async Task<IPage> SignInAsync(Browsing browsing)
    {
        var page = await browsing.NewPageAsync();
        await page.GotoAsync($"{browsing.Server.Url}dashboard");
        await page.Locator("#key").FillAsync(DashboardClient.AdminKey);
        await page.Locator("#sign-in").ClickAsync();
        return page;
    }
}
