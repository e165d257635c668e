using Microsoft.AspNetCore.Http;
using Tidings.Testing;

namespace Tidings.AspNetCore.Api.Tests.Hooks;

/// <summary>The hook that is asked when the time is over for which the connect hook let somebody in.</summary>
public sealed class RefreshTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Who_was_let_in_for_some_time_is_asked_about_when_it_is_over_and_goes_on_as_long_as_the_hook_says()
    {
        var answers = new Queue<string>(["{}", """{"expires":30}""", """{"allow":false,"code":4210,"reason":"Not any more"}"""]);
        await using var hook = await HookReceiver.StartAsync((sent, context) => context.Response.WriteAsync(
            sent.GetProperty("event").GetString() == "connect" ? """{"user":"anna","expires":10}""" : answers.Dequeue()));
        await using var app = await StartAsync(hook.Url, hook.Url);
        await using var anna = await app.ConnectAsync();
        Assert.True(await PassAsync(hook, 2) >= 10);
        Assert.True(await PassAsync(hook, 3) >= 10);
        Assert.True(await PassAsync(hook, 4) >= 30);
        await anna.Socket.ExpectCloseAsync(4210, "Not any more");
        Assert.All(hook.Events.Skip(1), one => Assert.Equal(("refresh", "anna", anna.Id), (one.GetProperty("event").GetString(), one.GetProperty("user").GetString(), one.GetProperty("connection").GetString())));
    }

    [Fact]
    public async Task Without_an_answer_nobody_goes_on()
    {
        await using var hook = await HookReceiver.StartAsync("""{"user":"anna","expires":10}""");
        await using var other = await HookReceiver.StartAsync((_, context) =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        await using var app = await StartAsync(hook.Url, other.Url);
        await using var anna = await app.ConnectAsync();
        await PassAsync(other, 1);
        await anna.Socket.ExpectCloseAsync(1013, "Unavailable");
    }

    [Fact]
    public async Task Where_nobody_can_be_asked_it_ends_in_time()
    {
        await using var hook = await HookReceiver.StartAsync("""{"user":"anna","expires":10}""");
        await using var app = await StartAsync(hook.Url, refresh: null);
        await using var anna = await app.ConnectAsync();
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("token_expiring", (await anna.ExpectAsync("token_expiring")).GetProperty("type").GetString());
        _time.Advance(TimeSpan.FromSeconds(5));
        await anna.Socket.ExpectCloseAsync(4002);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("\"60\"")]
    [InlineData("null")]
    [InlineData("99999999999")]
    public async Task What_is_no_number_of_seconds_lets_nobody_in(string expires)
    {
        await using var hook = await HookReceiver.StartAsync($$"""{"user":"anna","expires":{{expires}}}""");
        await using var app = await StartAsync(hook.Url, hook.Url);
        await using var refused = await ChannelClient.ConnectAsync(app.Url.Port, "/connect");
        await refused.Socket.ExpectCloseAsync(1013, "Unavailable");
    }

    private Task<TestApp> StartAsync(string connect, string? refresh) => TestApp.StartAsync(
        options: options =>
        {
            options.Heartbeat.Interval = TimeSpan.Zero;
            options.Hooks.Secret = HookReceiver.Secret;
            options.Hooks.Connect = connect;
            options.Hooks.Refresh = refresh;
        },
        time: _time);

    // Lets time pass until the hook is asked, and says how many seconds that were.
    private async Task<double> PassAsync(HookReceiver hook, int events)
    {
        var began = _time.GetTimestamp();
        await Eventually.TrueAsync(
            () =>
            {
                if (hook.Events.Count >= events)
                {
                    return true;
                }

                _time.Advance(TimeSpan.FromMilliseconds(250));
                return false;
            },
            "the hook is asked");
        return _time.GetElapsedTime(began).TotalSeconds;
    }
}
