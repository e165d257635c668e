using Microsoft.AspNetCore.Http;
using Tidings.Testing;

namespace Tidings.AspNetCore.Api.Tests.Hooks;

public sealed class HookTests
{
    [Fact]
    public async Task A_publish_hook_allows_refuses_changes_and_drops()
    {
        await using var hook = await HookReceiver.StartAsync((sent, context) => context.Response.WriteAsync(sent.GetProperty("data").GetString() switch
        {
            "refuse" => """{"allow":false,"reason":"too_long"}""",
            "code" => """{"allow":false,"code":"too_many"}""",
            "change" => """{"data":{ "new" : 1.0 }}""",
            "drop" => """{"drop":true}""",
            _ => "{}",
        }));
        await using var app = await StartAsync(hook.Url);
        await using var client = await app.ConnectAsync("anna");
        Assert.Equal(("not_allowed", "too_long"), await client.RefusedAsync(Publish("refuse")));
        Assert.Equal(("too_many", "Not allowed"), await client.RefusedAsync(Publish("code")));
        Assert.Equal(1, (await client.AskAsync(Publish("change"), "published")).GetProperty("offset").GetInt32());
        Assert.False((await client.AskAsync(Publish("drop"), "published")).TryGetProperty("offset", out _));
        Assert.Equal(2, (await client.AskAsync(Publish("as it is"), "published")).GetProperty("offset").GetInt32());
        Assert.Equal("""{ "new" : 1.0 }""", System.Text.Encoding.UTF8.GetString((await app.Tidings.HistoryAsync("h:1")).Messages[0].Data.Span));
        Assert.Equal("\"as it is\"", System.Text.Encoding.UTF8.GetString((await app.Tidings.HistoryAsync("h:1")).Messages[1].Data.Span));
        var first = hook.Events.First();
        Assert.Equal(("publish", "anna", "h:1", client.Id), (first.GetProperty("event").GetString(), first.GetProperty("user").GetString(), first.GetProperty("channel").GetString(), first.GetProperty("connection").GetString()));
    }

    [Fact]
    public async Task A_publish_hook_reads_and_answers_bytes_as_base64()
    {
        await using var hook = await HookReceiver.StartAsync((sent, context) => context.Response.WriteAsync(sent.TryGetProperty("data64", out var encoded) && !sent.TryGetProperty("data", out _) ? encoded.GetString() switch
        {
            "/wA=" => "{}",
            "AAAA" => """{"data64":"AQI="}""",
            "AQ==" => """{"data":1}""",
            "Ag==" => """{"data":1,"data64":"AQI="}""",
            _ => """{"data64":"&"}""",
        } : """{"allow":false}"""));
        await using var app = await StartAsync(hook.Url);
        await using var client = await app.ConnectAsync("anna");
        foreach (var data64 in new[] { "/wA=", "AAAA", "AQ==" })
        {
            await client.AskAsync($$"""{"type":"publish","channel":"h:1","data64":"{{data64}}"}""", "published");
        }

        foreach (var data64 in new[] { "Ag==", "Aw==" })
        {
            Assert.Equal("unavailable", (await client.RefusedAsync($$"""{"type":"publish","channel":"h:1","data64":"{{data64}}"}""")).Code);
        }

        var kept = (await app.Tidings.HistoryAsync("h:1")).Messages;
        Assert.Equal(["FF00", "0102", "1"], kept.Select(static message => message.Bytes is { } bytes ? Convert.ToHexString(bytes.Span) : System.Text.Encoding.UTF8.GetString(message.Data.Span)));
    }

    [Fact]
    public async Task A_publish_hook_is_told_of_event_and_key_and_of_a_key_that_is_to_go()
    {
        await using var hook = await HookReceiver.StartAsync((sent, context) => context.Response.WriteAsync(sent.TryGetProperty("remove", out _) ? """{"allow":false}""" : "{}"));
        await using var app = await StartAsync(hook.Url, static options => options.Channels[0].State = true);
        await using var client = await app.ConnectAsync("anna");
        await client.AskAsync("""{"type":"publish","channel":"h:1","data":1,"event":"added","key":"card:1"}""", "published");
        await client.AskAsync("""{"type":"publish","channel":"h:1","data":1,"ephemeral":true}""", "published");
        Assert.Equal(("not_allowed", "Not allowed"), await client.RefusedAsync("""{"type":"publish","channel":"h:1","key":"card:1","remove":true}"""));
        var sent = hook.Events.ToArray();
        Assert.Equal(("added", "card:1", 1), (sent[0].GetProperty("name").GetString(), sent[0].GetProperty("key").GetString(), sent[0].GetProperty("data").GetInt32()));
        Assert.True(sent[1].GetProperty("ephemeral").GetBoolean());
        Assert.Equal((true, "card:1", false), (sent[2].GetProperty("remove").GetBoolean(), sent[2].GetProperty("key").GetString(), sent[2].TryGetProperty("data", out _)));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(404)]
    [InlineData(201)]
    public async Task Another_status_is_no_permission(int status)
    {
        await using var hook = await HookReceiver.StartAsync((_, context) =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync("{}");
        });
        await ExpectUnavailableAsync(hook);
    }

    [Fact]
    public async Task A_huge_answer_is_no_permission_and_is_not_read_to_its_end()
    {
        await using var hook = await HookReceiver.StartAsync(async (_, context) =>
        {
            var chunk = new byte[64 * 1024];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
            }
        });
        await ExpectUnavailableAsync(hook);
    }

    [Fact]
    public async Task Nesting_without_end_is_no_permission()
    {
        await using var hook = await HookReceiver.StartAsync("{\"data\":" + new string('[', 60_000));
        await ExpectUnavailableAsync(hook);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Redirects_are_not_followed(int status)
    {
        await using var target = await HookReceiver.StartAsync("{}");
        await using var hook = await HookReceiver.StartAsync((_, context) =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = target.Url;
            return Task.CompletedTask;
        });
        await ExpectUnavailableAsync(hook);
        Assert.Empty(target.Events);
    }

    [Fact]
    public async Task Nobody_there_is_no_permission()
    {
        var hook = await HookReceiver.StartAsync("{}");
        await hook.DisposeAsync();
        await using var app = await StartAsync("http://127.0.0.1:9/hook");
        await using var client = await app.ConnectAsync();
        Assert.Equal(("unavailable", "Service unavailable"), await client.RefusedAsync(Publish("x")));
    }

    [Fact]
    public async Task A_hook_has_three_seconds_and_stalls_nobody_else()
    {
        var time = new ManualTime();
        var never = new TaskCompletionSource();
        await using var hook = await HookReceiver.StartAsync((_, _) => never.Task);
        await using var app = await StartAsync(hook.Url, time: time);
        await using var client = await app.ConnectAsync();
        await using var other = await app.ConnectAsync();
        await client.SendAsync(Publish("x"));
        await Eventually.EqualAsync(1, () => hook.Events.Count, "events");
        await other.SubscribeAsync("elsewhere");
        await app.Tidings.PublishAsync("elsewhere", 1);
        await other.ExpectAsync("message");
        time.Advance(TimeSpan.FromSeconds(2.9));
        var answer = client.ExpectAsync("error");
        Assert.False(answer.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal("unavailable", (await answer).GetProperty("code").GetString());
        Assert.Contains(app.Log, line => line.Contains("/hook failed, and the request was refused: no answer within 3 s", StringComparison.Ordinal));
        never.SetResult();
    }

    [Fact]
    public async Task Only_so_many_are_under_way_at_once()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var hook = await HookReceiver.StartAsync(async (_, context) =>
        {
            await gate.Task;
            await context.Response.WriteAsync("{}");
        });
        await using var app = await StartAsync(hook.Url, options => options.Hooks.InFlight = 2, new ManualTime());
        var clients = new List<ChannelClient>();
        for (var i = 0; i < 5; i++)
        {
            clients.Add(await app.ConnectAsync());
            await clients[i].SendAsync(Publish("x"));
        }

        await Eventually.TrueAsync(() => hook.Events.Count == 2, "two events");
        gate.SetResult();
        foreach (var client in clients)
        {
            await client.ExpectAsync("published");
            await client.DisposeAsync();
        }

        Assert.Equal(5, hook.Events.Count);
    }

    [Fact]
    public async Task Subscribe_and_call_hooks_decide_and_answer()
    {
        await using var hook = await HookReceiver.StartAsync((sent, context) => context.Response.WriteAsync(
            sent.GetProperty("event").GetString() == "call"
                ? $$$"""{"data":{"echo":{{{sent.GetProperty("params").GetRawText()}}}}}"""
                : sent.GetProperty("channel").GetString() == "h:1" ? "{}" : """{"allow":false,"reason":"closed"}"""));
        await using var app = await TestApp.StartAsync(
            tidings => tidings.MapCall("own", () => 1),
            options =>
            {
                options.Hooks.Secret = HookReceiver.Secret;
                options.Hooks.Call = hook.Url;
                options.Channels.Add(new ChannelOptions { Pattern = "h:*", OnSubscribe = hook.Url });
            });
        await using var client = await app.ConnectAsync();
        await client.SubscribeAsync("h:1");
        Assert.Equal(("not_allowed", "closed"), await client.RefusedAsync("""{"type":"subscribe","channel":"h:2"}"""));
        Assert.Equal("""{"echo":{"a":1}}""", (await client.AskAsync("""{"type":"call","method":"any","params":{"a":1}}""", "result")).GetProperty("data").GetRawText());
        Assert.Equal("1", (await client.AskAsync("""{"type":"call","method":"own"}""", "result")).GetProperty("data").GetRawText());
    }

    [Fact]
    public async Task A_connect_hook_says_who_comes()
    {
        await using var hook = await HookReceiver.StartAsync((sent, context) => context.Response.WriteAsync(sent.GetProperty("query").GetString() switch
        {
            "?token=anna" => """{"user":"anna","info":{"name":"Anna"},"channels":["news","lobby"]}""",
            "?token=none" => """{"allow":false,"code":4001,"reason":"Invalid token"}""",
            "?token=own" => """{"allow":false,"code":4321,"reason":"Not today"}""",
            "?token=odd" => """{"allow":false,"code":1000}""",
            "?token=bad" => """{"user":"~me"}""",
            _ => "{}",
        }));
        await using var app = await TestApp.StartAsync(
            tidings => tidings.MapChannel("lobby").WithPresence(),
            options =>
            {
                options.Hooks.Secret = HookReceiver.Secret;
                options.Hooks.Connect = hook.Url;
            });
        await using var anna = await ChannelClient.ConnectAsync(app.Url.Port, "/connect?token=anna");
        var connected = await anna.ExpectAsync("connected");
        Assert.Equal("anna", connected.GetProperty("user").GetString());
        Assert.Equal(hook.Events.First().GetProperty("connection").GetString(), connected.GetProperty("connection").GetString());
        Assert.Equal(["all", "user:anna", "news", "lobby"], connected.GetProperty("subscriptions").EnumerateArray().Select(subscription => subscription.GetProperty("channel").GetString()!));
        Assert.Equal("""{"name":"Anna"}""", System.Text.Encoding.UTF8.GetString(Assert.Single((await app.Tidings.PresenceAsync("lobby")).Members).Info.Span));
        foreach (var (token, code, reason) in new[] { ("none", 4001, "Invalid token"), ("own", 4321, "Not today"), ("odd", 4003, "Forbidden"), ("bad", 1013, "Unavailable") })
        {
            await using var socket = await RawWebSocket.ConnectAsync(app.Url.Port, "/connect?token=" + token);
            await socket.ExpectCloseAsync(code, reason);
        }

        await hook.DisposeAsync();
        await using var refused = await RawWebSocket.ConnectAsync(app.Url.Port, "/connect");
        await refused.ExpectCloseAsync(1013, "Unavailable");
    }

    [Theory]
    [InlineData("ftp://example.com/")]
    [InlineData("/hook")]
    [InlineData("http://user:password@example.com/")]
    [InlineData("http://example.com/#x")]
    [InlineData("nonsense")]
    public void Urls_are_checked_at_the_start_and_not_repeated(string url)
    {
        var options = new TidingsOptions();
        options.Hooks.Connect = url;
        var faults = Tidings.Engine.TidingsOptionsValidator.Faults(options).ToList();
        Assert.Contains(faults, fault => fault.StartsWith("Tidings:Hooks:Connect", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("Tidings:Hooks:Secret is missing", StringComparison.Ordinal));
        Assert.DoesNotContain(faults, fault => fault.Contains("password", StringComparison.Ordinal));
    }

    private static string Publish(string data) => $$"""{"type":"publish","channel":"h:1","data":"{{data}}"}""";

    private static Task<TestApp> StartAsync(string url, Action<TidingsOptions>? configure = null, TimeProvider? time = null) => TestApp.StartAsync(
        options: options =>
        {
            options.Heartbeat.Interval = TimeSpan.Zero;
            options.Hooks.Secret = HookReceiver.Secret;
            options.Channels.Add(new ChannelOptions { Pattern = "h:*", Publish = ChannelAccess.Anyone, OnPublish = url });
            configure?.Invoke(options);
        },
        time: time);

    private static async Task ExpectUnavailableAsync(HookReceiver hook)
    {
        await using var app = await StartAsync(hook.Url);
        await using var client = await app.ConnectAsync();
        Assert.Equal(("unavailable", "Service unavailable"), await client.RefusedAsync(Publish("x")));
        Assert.Empty((await app.Tidings.HistoryAsync("h:1")).Messages);
        Assert.Single(hook.Events);
        Assert.Contains(app.Log, line => line.Contains("/hook failed", StringComparison.Ordinal));
    }
}
