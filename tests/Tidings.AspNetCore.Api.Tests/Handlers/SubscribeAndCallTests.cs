using System.Security.Claims;

namespace Tidings.AspNetCore.Api.Tests.Handlers;

public sealed class SubscribeAndCallTests
{
    [Fact]
    public async Task A_handler_decides_about_subscriptions()
    {
        await using var app = await TestApp.StartAsync(tidings =>
        {
            tidings.MapChannel("team:{name}").OnSubscribe((string name, ClaimsPrincipal user) => user.FindFirstValue(ClaimTypes.NameIdentifier) == name);
            tidings.MapChannel("full").OnSubscribe(() => SubscribeResult.Refuse("full"));
            tidings.MapChannel("open").OnSubscribe(async () => await Task.Yield());
        });
        await using var anna = await app.ConnectAsync("anna");
        await anna.SubscribeAsync("team:anna");
        await anna.SubscribeAsync("open");
        Assert.Equal(("not_allowed", "Not allowed"), await anna.RefusedAsync("""{"type":"subscribe","channel":"team:ben"}"""));
        Assert.Equal(("not_allowed", "full"), await anna.RefusedAsync("""{"type":"subscribe","channel":"full"}"""));
        await using var guest = await app.ConnectAsync();
        Assert.Equal(("not_allowed", "Not allowed"), await guest.RefusedAsync("""{"type":"subscribe","channel":"team:anna"}"""));
    }

    [Fact]
    public async Task Channels_without_permission_to_publish_are_the_servers_alone()
    {
        await using var app = await TestApp.StartAsync(tidings =>
        {
            tidings.MapChannel("users").AllowPublish(ChannelAccess.Users).OnPublish((int number) => { });
            tidings.MapChannel("news");
        });
        await using var guest = await app.ConnectAsync();
        await using var anna = await app.ConnectAsync("anna");
        foreach (var channel in new[] { "users", "news", "chat:x", "all", "user:anna" })
        {
            Assert.Equal(("not_allowed", "Not allowed"), await guest.RefusedAsync($$"""{"type":"publish","channel":"{{channel}}","data":1}"""));
        }

        await anna.AskAsync("""{"type":"publish","channel":"users","data":1}""", "published");
        Assert.Equal("anna", (await app.Tidings.HistoryAsync("users")).Messages[0].From);
    }

    [Theory]
    [InlineData("sum", """{"a":1,"b":2}""", "3")]
    [InlineData("sum", "[1,2]", "3")]
    [InlineData("sum", """{"A":1,"B":2,"c":3}""", "3")]
    [InlineData("greet", "{}", "\"Hello you\"")]
    [InlineData("greet", """{"name":"Anna"}""", "\"Hello Anna\"")]
    [InlineData("area", """{"width":2,"height":3}""", "6")]
    [InlineData("slow", "null", "\"done\"")]
    [InlineData("nothing", "null", "null")]
    [InlineData("point", "null", """{"width":1,"height":2}""")]
    [InlineData("answered", "[3]", """{"width":3,"height":3}""")]
    [InlineData("typed", "[3]", """{"width":3,"height":3}""")]
    [InlineData("typed-later", "[3]", """{"width":3,"height":3}""")]
    public async Task Calls_take_parameters_by_name_or_place(string method, string parameters, string result)
    {
        await using var app = await CallsAsync();
        await using var client = await app.ConnectAsync();
        var answer = await client.AskAsync($$"""{"type":"call","id":"x","method":"{{method}}","params":{{parameters}}}""", "result");
        Assert.Equal((result, "x"), (answer.GetProperty("data").GetRawText(), answer.GetProperty("id").GetString()));
    }

    [Theory]
    [InlineData("sum", """{"a":1}""", "bad_request")]
    [InlineData("sum", """{"a":1,"b":"two"}""", "bad_request")]
    [InlineData("sum", "[1]", "bad_request")]
    [InlineData("sum", "7", "bad_request")]
    [InlineData("area", "null", "bad_request")]
    [InlineData("refused", "null", "not_allowed")]
    [InlineData("answered", "[0]", "not_allowed")]
    [InlineData("typed", "[0]", "not_allowed")]
    [InlineData("typed-later", "[0]", "not_allowed")]
    [InlineData("unknown", "null", "not_allowed")]
    [InlineData("Sum", "[1,2]", "not_allowed")]
    public async Task Calls_that_do_not_fit_are_refused(string method, string parameters, string code)
    {
        await using var app = await CallsAsync();
        await using var client = await app.ConnectAsync();
        Assert.Equal(code, (await client.RefusedAsync($$"""{"type":"call","method":"{{method}}","params":{{parameters}}}""")).Code);
    }

    private static Task<TestApp> CallsAsync() => TestApp.StartAsync(tidings => tidings
        .MapCall("sum", (int a, int b) => a + b)
        .MapCall("greet", (string name = "you") => $"Hello {name}")
        .MapCall("area", (Size size) => size.Width * size.Height)
        .MapCall("slow", async ValueTask<string> (CancellationToken cancellationToken) =>
        {
            await Task.Yield();
            return "done";
        })
        .MapCall("nothing", () => { })
        .MapCall("point", () => new Size(1, 2))
        .MapCall("refused", () => CallResult.Refuse("closed"))
        .MapCall("answered", (int a) => a > 0 ? CallResult.Answer(new Size(a, a)) : CallResult.Refuse("negative"))
        .MapCall("typed", CallResult<Size> (int a) => a > 0 ? new Size(a, a) : CallResult.Refuse("negative"))
        .MapCall("typed-later", async Task<CallResult<Size>> (int a) =>
        {
            await Task.Yield();
            if (a <= 0)
            {
                return CallResult.Refuse("negative");
            }

            return new Size(a, a);
        }));

    internal sealed record Size(int Width, int Height);
}
