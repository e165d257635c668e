using Microsoft.AspNetCore.Http;
using Tidings.Testing;

namespace Tidings.AspNetCore.Api.Tests.Hooks;

/// <summary>B56: a hook that means to refuse, and says it in words that are not ours, lets nobody in.</summary>
public sealed class B56_WrongAnswers
{
    private static readonly (string Answer, string Fault)[] OfEveryHook =
    [
        ("""{"allow":0}""", "\"allow\" in its answer is a number, where true or false is expected"),
        ("""{"allow":"false"}""", "\"allow\" in its answer is a text"),
        ("""{"allow":null}""", "\"allow\" in its answer is null"),
        ("""{"allow":[]}""", "\"allow\" in its answer is a list"),
        ("""{"allow":{}}""", "\"allow\" in its answer is an object"),
        ("""{"allowed":false}""", "the member \"allowed\", which is none of allow, reason, code"),
        ("""{"Allow":false}""", "the member \"Allow\""),
        ("""{"error":"banned"}""", "the member \"error\""),
        ("""{"allow":true,"ok":false}""", "the member \"ok\""),
        ("""{"line\nbreak":false}""", "the member of 10 characters"),
        ("""{"reason":"banned"}""", "\"code\" or \"reason\" without \"allow\": false"),
        ("""{"allow":true,"reason":"banned"}""", "\"code\" or \"reason\" without \"allow\": false"),
        ("""{"allow":false,"reason":5}""", "\"reason\" in its answer is a number"),
        ("""{"allow":false,"code":null}""", "\"code\" in its answer is null"),
        ("""{"allow":false,"reason":"\ud800"}""", "\"reason\" in its answer is a text"),
        ("null", "its answer is null, where a JSON object is expected"),
        ("false", "its answer is false"),
        ("0", "its answer is a number"),
        ("\"false\"", "its answer is a text"),
        ("[]", "its answer is a list"),
        ("", "its answer is empty; to allow, answer 204 or {}"),
        ("  \n", "its answer is no JSON"),
        ("<!DOCTYPE html><title>Sign in</title>", "its answer is no JSON"),
        ("""{"allow":false""", "its answer is no JSON"),
        ("""{"allow":true}{"allow":false}""", "its answer is no JSON"),
        ("""{"allow":true,"allow":false}""", "its answer is no JSON, is nested too deep or has a name twice"),
        ("\ufeff{}", "its answer is no JSON"),
        ("{\"allow\":true,\"reason\":\"" + new string('x', 10_000_000) + "\"}", "its answer has more than 65536 bytes"),
    ];

    [Fact]
    public Task A_connect_hook_that_slips_lets_nobody_connect() => CheckAsync(
        "connect",
        [
            ("""{"user":42}""", "\"user\" in its answer is a number, where the text of a user's id is expected"),
            ("""{"user":null}""", "\"user\" in its answer is null"),
            ("""{"user":""}""", "\"user\" in its answer is a text"),
            ("""{"user":"~anna"}""", "\"user\" in its answer is a text"),
            ("""{"user":"anna","channels":"news"}""", "\"channels\" in its answer is a text"),
            ("""{"channels":[1]}""", "\"channels\" in its answer is a list"),
            ("""{"channels":[null]}""", "\"channels\" in its answer is a list"),
            ("""{"channels":["a\u0001"]}""", "\"channels\" in its answer is a list"),
            ("""{"channels":["\udc00"]}""", "\"channels\" in its answer is a list"),
            ("""{"channels":{"news":true}}""", "\"channels\" in its answer is an object"),
            ("{\"channels\":[" + string.Join(',', Enumerable.Range(0, 101).Select(static i => $"\"c{i}\"")) + "]}", "\"channels\" in its answer is a list"),
            ("""{"allow":false,"code":"not_allowed"}""", "\"code\" in its answer is a text, where a whole number is expected"),
            ("""{"allow":false,"code":4001.5}""", "\"code\" in its answer is a number"),
            ("""{"code":4001}""", "\"code\" or \"reason\" without \"allow\": false"),
            ("""{"data":1}""", "the member \"data\""),
        ],
        static async app =>
        {
            await using var socket = await RawWebSocket.ConnectAsync(app.Url.Port, "/connect");
            await socket.ExpectCloseAsync(1013, "Unavailable");
        });

    [Fact]
    public Task A_subscribe_hook_that_slips_shows_nothing() => CheckAsync(
        "subscribe", [("""{"user":"anna"}""", "the member \"user\""), ("""{"drop":false}""", "the member \"drop\""), .. ErrorCodes], ChannelRefusesAsync("""{"type":"subscribe","channel":"h:1"}"""));

    [Fact]
    public Task A_publish_hook_that_slips_publishes_nothing() => CheckAsync(
        "publish", [("""{"drop":1}""", "\"drop\" in its answer is a number"), ("""{"drop":"true"}""", "\"drop\" in its answer is a text"), ("""{"drop":null}""", "\"drop\" in its answer is null"), .. ErrorCodes],
        ChannelRefusesAsync("""{"type":"publish","channel":"h:1","data":1}"""));

    [Fact]
    public Task A_call_hook_that_slips_answers_nothing() => CheckAsync(
        "call", [("""{"result":1}""", "the member \"result\""), ("""{"drop":true}""", "the member \"drop\""), .. ErrorCodes], ChannelRefusesAsync("""{"type":"call","method":"m"}"""));

    [Fact]
    public async Task What_is_documented_to_allow_allows()
    {
        var status = 204;
        await using var hook = await HookReceiver.StartAsync((_, context) =>
        {
            context.Response.StatusCode = status;
            return status == 204 ? Task.CompletedTask : context.Response.WriteAsync("{}");
        });
        await using var app = await StartAsync(hook.Url, connect: hook.Url);
        for (; status is 204 or 200; status -= 4)
        {
            await using var client = await app.ConnectAsync();
            await client.SubscribeAsync("h:2");
            await client.AskAsync("""{"type":"publish","channel":"h:1","data":1}""", "published");
            Assert.Equal("null", (await client.AskAsync("""{"type":"call","method":"m"}""", "result")).GetProperty("data").GetRawText());
            Assert.Equal("1"u8.ToArray(), (await app.Tidings.HistoryAsync("h:1")).Messages[^1].Data.ToArray());
        }

        Assert.DoesNotContain(app.Log, static line => line.Contains("hook", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_hook_that_is_away_is_said_once_and_again_when_it_fails_otherwise_or_anew()
    {
        var time = new ManualTime();
        var answer = "[]";
        await using var hook = await HookReceiver.StartAsync((_, context) => context.Response.WriteAsync(answer));
        await using var app = await StartAsync(hook.Url, time: time);
        await using var client = await app.ConnectAsync();
        for (var i = 0; i < 20; i++)
        {
            answer = i % 2 == 0 ? "[]" : "null";
            await client.RefusedAsync("""{"type":"publish","channel":"h:1","data":1}""");
        }

        Assert.Equal(2, HookLines(app));
        answer = "{}";
        await client.AskAsync("""{"type":"publish","channel":"h:1","data":1}""", "published");
        answer = "null";
        await client.RefusedAsync("""{"type":"publish","channel":"h:1","data":1}""");
        Assert.Equal(2, HookLines(app));
        time.Advance(TimeSpan.FromSeconds(11));
        answer = "{}";
        await client.AskAsync("""{"type":"publish","channel":"h:1","data":1}""", "published");
        answer = "null";
        await client.RefusedAsync("""{"type":"publish","channel":"h:1","data":1}""");
        Assert.Equal(3, HookLines(app));
    }

    private static (string, string)[] ErrorCodes =>
    [
        ("""{"allow":false,"code":4001}""", "\"code\" in its answer is a number, where the name of an error code is expected"),
        ("""{"allow":false,"code":"no such code"}""", "\"code\" in its answer is a text"),
        ("""{"code":"not_allowed"}""", "\"code\" or \"reason\" without \"allow\": false"),
    ];

    private static int HookLines(TestApp app) => app.Log.Count(static line => line.Contains("/hook failed", StringComparison.Ordinal));

    private static Func<TestApp, Task> ChannelRefusesAsync(string command) => async app =>
    {
        await using var client = await app.ConnectAsync();
        Assert.Equal(("unavailable", "Service unavailable"), await client.RefusedAsync(command));
        Assert.Empty((await app.Tidings.HistoryAsync("h:1")).Messages);
    };

    // Each answer on a server of its own, so that each is the first thing that goes wrong.
    private static async Task CheckAsync(string hooked, (string Answer, string Fault)[] answers, Func<TestApp, Task> expectRefusal)
    {
        var answer = "";
        await using var hook = await HookReceiver.StartAsync((_, context) => context.Response.WriteAsync(answer));
        foreach (var (wrong, fault) in OfEveryHook.Concat(answers))
        {
            answer = wrong;
            await using var app = await StartAsync(hook.Url, connect: hooked == "connect" ? hook.Url : null);
            await expectRefusal(app);
            var line = Assert.Single(app.Log, static line => line.Contains("/hook failed", StringComparison.Ordinal));
            Assert.Contains(fault, line, StringComparison.Ordinal);
            Assert.DoesNotContain("banned", line, StringComparison.Ordinal);
        }
    }

    private static Task<TestApp> StartAsync(string url, string? connect = null, TimeProvider? time = null) => TestApp.StartAsync(
        options: options =>
        {
            options.Heartbeat.Interval = TimeSpan.Zero;
            options.Hooks.Secret = HookReceiver.Secret;
            options.Hooks.Connect = connect;
            options.Hooks.Call = url;
            options.Channels.Add(new ChannelOptions { Pattern = "h:*", Publish = ChannelAccess.Anyone, OnPublish = url, OnSubscribe = url });
        },
        time: time);
}
