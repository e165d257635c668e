using System.Net;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Dashboard;

/// <summary>What the dashboard shows of those who are told of events: what waits, what was not taken and why; and that it is sent again.</summary>
public sealed class ReceiverTests() : ServerTests(Pump.Lanes)
{
    [Fact]
    public async Task What_fails_is_shown_with_the_reason_and_sent_again_at_once()
    {
        await using var receiver = await EventBackEnd.StartAsync();
        receiver.Answer = static (_, _) => Task.FromResult<int?>(503);
        await using var server = await StartAsync([.. DashboardClient.Keys, ("Tidings:Events:0:Url", receiver.Url), ("Tidings:Events:0:Secret", EventBackEnd.Secret)]);
        var client = new DashboardClient(server);
        await client.SignInAsync();
        await using var room = await server.ConnectSettledAsync("/ws/here");
        await Eventually.TrueAsync(async () => (await OnlyAsync(client)).GetRawText().Contains("status 503", StringComparison.Ordinal), static () => "the reason is shown");
        var shown = await OnlyAsync(client);
        Assert.Equal(new Uri(receiver.Url).Authority + "/events", shown.GetProperty("name").GetString());
        Assert.Equal("away", shown.GetProperty("delivery").GetProperty("state").GetString());
        Assert.Equal(2, shown.GetProperty("waiting").GetInt32());
        Assert.DoesNotContain("token=secret", shown.GetRawText(), StringComparison.Ordinal);

        receiver.Answer = static (_, _) => Task.FromResult<int?>(204);
        using var asked = await client.PostAsync("/dashboard/data/receivers/retry", $$"""{"receiver":"{{shown.GetProperty("id").GetString()}}"}""");
        Assert.Equal(HttpStatusCode.OK, asked.StatusCode);
        await Eventually.EqualAsync(2, () => receiver.Taken.Count, "what was taken");
        await Eventually.TrueAsync(async () => (await OnlyAsync(client)) is var now && now.GetProperty("waiting").GetInt32() == 0 && now.GetProperty("delivery").GetProperty("state").GetString() == "telling", static () => "nothing waits");
        using var unknown = await client.PostAsync("/dashboard/data/receivers/retry", """{"receiver":"x"}""");
        Assert.Equal(HttpStatusCode.BadRequest, unknown.StatusCode);
    }

    [Fact]
    public async Task Only_who_may_see_the_dashboard_sees_it_and_where_nobody_is_told_that_is_said()
    {
        await using var server = await StartAsync(DashboardClient.Keys);
        var client = new DashboardClient(server);
        foreach (var path in new[] { "receivers", "told" })
        {
            using var refused = await client.GetAsync("/dashboard/data/" + path);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        await client.SignInAsync();
        Assert.Equal("""{"receivers":[]}""", (await client.GetJsonAsync("/dashboard/data/receivers")).GetRawText());
        using var nobody = await client.GetAsync("/dashboard/data/told");
        Assert.Equal(HttpStatusCode.Conflict, nobody.StatusCode);
        Assert.Contains("Tidings:Events:0:Url", await nobody.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<System.Text.Json.JsonElement> OnlyAsync(DashboardClient client) =>
        Assert.Single((await client.GetJsonAsync("/dashboard/data/receivers")).GetProperty("receivers").EnumerateArray());
}
