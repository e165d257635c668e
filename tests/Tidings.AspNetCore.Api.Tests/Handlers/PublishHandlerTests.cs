using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using Tidings.Testing;

namespace Tidings.AspNetCore.Api.Tests.Handlers;

public sealed class PublishHandlerTests
{
    [Fact]
    public async Task Parameters_are_bound_and_a_new_value_replaces_the_data()
    {
        await using var app = await TestApp.StartAsync(
            tidings => tidings.MapChannel("chat:{room}").WithHistory(100, TimeSpan.FromHours(1)).WithPresence()
                .OnPublish((ChatLine line, string room, ClaimsPrincipal user, Greeting greeting, ChannelCaller caller, CancellationToken cancellationToken) =>
                    line with { From = $"{greeting.Text} {user.Identity!.Name}/{caller.User} in {room}" }),
            services: services => services.AddSingleton(new Greeting("Dear")));
        await using var anna = await app.ConnectAsync("anna");
        await anna.SubscribeAsync("chat:lobby");
        await anna.SendAsync("""{"type":"publish","channel":"chat:lobby","data":{"text":"hi","extra":1}}""");
        var replies = new[] { await anna.ReceiveAsync(), await anna.ReceiveAsync() };
        Assert.Contains(replies, text => text.Contains("""{"text":"hi","from":"Dear ANNA/anna in lobby"}""", StringComparison.Ordinal));
        Assert.Contains(replies, text => text.Contains("\"published\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_may_be_dropped_refused_or_left_as_it_is()
    {
        await using var app = await TestApp.StartAsync(tidings => tidings.MapChannel("c").OnPublish((string text) => text switch
        {
            "drop" => PublishResult.Drop,
            "long" => PublishResult.Refuse("too_long"),
            "new" => PublishResult.Replace(new { Text = "new" }),
            _ => PublishResult.Accept,
        }));
        await using var client = await app.ConnectAsync();
        Assert.False((await client.AskAsync("""{"type":"publish","channel":"c","data":"drop"}""", "published")).TryGetProperty("offset", out _));
        Assert.Equal(("not_allowed", "too_long"), await client.RefusedAsync("""{"type":"publish","channel":"c","data":"long"}"""));
        await client.AskAsync("""{"type":"publish","channel":"c","data":"new"}""", "published");
        await client.AskAsync("""{"type":"publish","channel":"c","data": "\u00e9 as it is"}""", "published");
        var kept = (await app.Tidings.HistoryAsync("c")).Messages.Select(message => System.Text.Encoding.UTF8.GetString(message.Data.Span));
        Assert.Equal(["""{"text":"new"}""", "\"\\u00e9 as it is\""], kept);
    }

    [Fact]
    public async Task A_lambda_may_replace_the_data_on_one_path_and_refuse_on_the_other()
    {
        await using var app = await TestApp.StartAsync(tidings => tidings.MapChannel("c").OnPublish(
            PublishResult<string> (string text) => text.Length <= 3 ? text.ToUpperInvariant() : PublishResult.Refuse("too_long")));
        await using var client = await app.ConnectAsync();
        await client.AskAsync("""{"type":"publish","channel":"c","data":"abc"}""", "published");
        Assert.Equal(("not_allowed", "too_long"), await client.RefusedAsync("""{"type":"publish","channel":"c","data":"abcd"}"""));
        Assert.Equal("\"ABC\"", System.Text.Encoding.UTF8.GetString(Assert.Single((await app.Tidings.HistoryAsync("c")).Messages).Data.Span));
    }

    [Fact]
    public async Task A_handler_of_JSON_takes_no_bytes_and_one_of_bytes_has_them_as_they_are()
    {
        await using var app = await TestApp.StartAsync(tidings =>
        {
            tidings.MapChannel("json").OnPublish((StrictLine line) => { });
            tidings.MapChannel("bytes").OnPublish((byte[] bytes) => bytes.Length > 2 ? PublishResult.Refuse("too_long") : PublishResult.Replace(bytes.Reverse().ToArray()));
            tidings.MapChannel("memory").OnPublish((ReadOnlyMemory<byte> bytes) => bytes.Length == 2);
            tidings.MapChannel("request").OnPublish((global::Tidings.PublishRequest request) => request.Data.IsEmpty && request.Bytes is { Length: 2 });
            tidings.MapChannel("caller").OnPublish((ChannelCaller caller) => { });
        });
        await using var client = await app.ConnectAsync();
        var error = await client.AskAsync("""{"type":"publish","channel":"json","data64":"/wA="}""", "error");
        Assert.Equal(("bad_request", "data64"), (error.GetProperty("code").GetString(), error.GetProperty("details")[0].GetProperty("field").GetString()));
        Assert.Equal(("not_allowed", "too_long"), await client.RefusedAsync("""{"type":"publish","channel":"bytes","data64":"AAAA"}"""));
        foreach (var channel in new[] { "bytes", "memory", "request", "caller" })
        {
            await client.AskAsync($$"""{"type":"publish","channel":"{{channel}}","data64":"/wA="}""", "published");
            Assert.Equal(channel == "bytes" ? "00FF" : "FF00", Convert.ToHexString(Assert.Single((await app.Tidings.HistoryAsync(channel)).Messages).Bytes!.Value.Span));
        }
    }

    [Theory]
    [InlineData("true", "published")]
    [InlineData("false", "error")]
    public async Task A_bool_allows_or_refuses(string data, string reply)
    {
        await using var app = await TestApp.StartAsync(tidings => tidings.MapChannel("c").OnPublish(async (bool allowed) =>
        {
            await Task.Yield();
            return allowed;
        }));
        await using var client = await app.ConnectAsync();
        await client.AskAsync($$"""{"type":"publish","channel":"c","data":{{data}}}""", reply);
    }

    [Theory]
    [InlineData("""{"from":"x"}""", "text")]
    [InlineData("""{"text":7}""", "text")]
    [InlineData("""{"text":"hi","text":"ho"}""", "text")]
    [InlineData("""{"text":"far too long for this"}""", "text")]
    [InlineData("7", "")]
    [InlineData("null", "")]
    public async Task Json_that_does_not_fit_is_refused_with_its_fields(string data, string field)
    {
        await using var app = await TestApp.StartAsync(tidings => tidings.MapChannel("c").OnPublish((StrictLine line) => { }));
        await using var client = await app.ConnectAsync();
        var error = await client.AskAsync($$"""{"type":"publish","id":5,"channel":"c","data":{{data}}}""", "error");
        Assert.Equal(("bad_request", "Invalid message format", 5), (error.GetProperty("code").GetString(), error.GetProperty("error").GetString(), error.GetProperty("id").GetInt32()));
        Assert.Equal(field, error.GetProperty("details")[0].GetProperty("field").GetString());
    }

    [Fact]
    public async Task Values_of_the_pattern_have_types()
    {
        await using var app = await TestApp.StartAsync(tidings =>
            tidings.MapChannel("o:{Id}:{day}:{kind}").OnPublish((int id, DateOnly day, DayOfWeek kind) => $"{id} {day:yyyy} {kind}"));
        await using var client = await app.ConnectAsync();
        await client.AskAsync("""{"type":"publish","channel":"o:42:2026-01-02:friday","data":0}""", "published");
        Assert.Equal("42 2026 Friday", (await app.Tidings.HistoryAsync("o:42:2026-01-02:friday")).Messages[0].Read<string>());
        foreach (var name in new[] { "o:x:2026-01-02:friday", "o:1:friday:friday", "o:1:2026-01-02:5" })
        {
            Assert.Equal("bad_request", (await client.RefusedAsync($$"""{"type":"publish","channel":"{{name}}","data":0}""")).Code);
        }
    }

    [Fact]
    public async Task Each_call_has_a_scope_of_its_own_that_ends_with_it()
    {
        var probes = new List<Probe>();
        await using var app = await TestApp.StartAsync(
            tidings => tidings.MapChannel("c").OnPublish(async (Probe first, IServiceProvider services) =>
            {
                await Task.Yield();
                Assert.Same(first, services.GetRequiredService<Probe>());
                Assert.False(first.Disposed);
                lock (probes)
                {
                    probes.Add(first);
                }
            }),
            services: services => services.AddScoped<Probe>());
        await using var client = await app.ConnectAsync();
        await client.AskAsync("""{"type":"publish","channel":"c","data":0}""", "published");
        await client.AskAsync("""{"type":"publish","channel":"c","data":0}""", "published");
        Assert.Equal(2, probes.Distinct().Count());
        Assert.All(probes, probe => Assert.True(probe.Disposed));
    }

    [Fact]
    public async Task A_slow_handler_stalls_nobody_else_and_its_own_connection_keeps_its_order()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await TestApp.StartAsync(tidings =>
        {
            tidings.MapChannel("slow").OnPublish(async (int number) => await gate.Task);
            tidings.MapChannel("fast").AllowPublish();
        });
        await using var slow = await app.ConnectAsync();
        await using var fast = await app.ConnectAsync();
        await fast.SubscribeAsync("fast");
        await fast.SubscribeAsync("slow");
        for (var i = 1; i <= 3; i++)
        {
            await slow.SendAsync($$"""{"type":"publish","id":{{i}},"channel":"slow","data":{{i}}}""");
        }

        await slow.SendAsync("""{"type":"ping","id":4}""");
        for (var i = 1; i <= 50; i++)
        {
            await fast.SendAsync($$"""{"type":"publish","channel":"fast","data":{{i}}}""");
            var types = new[] { await fast.ReceiveAsync(), await fast.ReceiveAsync() };
            Assert.Contains(types, text => text.Contains("\"message\"", StringComparison.Ordinal));
        }

        gate.SetResult();
        for (var i = 1; i <= 3; i++)
        {
            Assert.Equal(i, (await slow.ExpectAsync("published")).GetProperty("id").GetInt32());
            Assert.Equal(i, (await fast.ExpectAsync("message")).GetProperty("data").GetInt32());
        }

        Assert.Equal(4, (await slow.ExpectAsync("pong")).GetProperty("id").GetInt32());
    }

    [Fact]
    public async Task Handlers_of_one_connection_never_overlap()
    {
        var running = 0;
        var most = 0;
        await using var app = await TestApp.StartAsync(tidings => tidings.MapChannel("c").OnPublish(async (int number) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            await Task.Yield();
            Interlocked.Decrement(ref running);
        }));
        await using var client = await app.ConnectAsync();
        for (var i = 1; i <= 200; i++)
        {
            await client.SendAsync($$"""{"type":"publish","id":{{i}},"channel":"c","data":{{i}}}""");
        }

        for (var i = 1; i <= 200; i++)
        {
            Assert.Equal(i, (await client.ExpectAsync("published")).GetProperty("offset").GetInt32());
        }

        Assert.Equal(1, most);
    }

    [Fact]
    public async Task An_exception_is_logged_and_answered_without_its_text()
    {
        await using var app = await TestApp.StartAsync(tidings => tidings.MapChannel("c").OnPublish((int number) =>
        {
            throw new InvalidOperationException("a secret of ours");
        }));
        await using var client = await app.ConnectAsync();
        Assert.Equal(("internal", "Internal error"), await client.RefusedAsync("""{"type":"publish","channel":"c","data":1}"""));
        Assert.Contains(app.Log, line => line.Contains("a secret of ours", StringComparison.Ordinal));
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_handler_has_its_time()
    {
        var time = new ManualTime();
        var entered = new SemaphoreSlim(0);
        var never = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(
            tidings =>
            {
                tidings.MapChannel("deaf").OnPublish(async (int number) =>
                {
                    entered.Release();
                    await never.Task;
                });
                tidings.MapChannel("polite").OnPublish(async (int number, CancellationToken cancellationToken) =>
                {
                    entered.Release();
                    await never.Task.WaitAsync(cancellationToken);
                });
            },
            options => options.Heartbeat.Interval = TimeSpan.Zero,
            time: time);
        await using var client = await app.ConnectAsync();
        foreach (var channel in new[] { "deaf", "polite" })
        {
            await client.SendAsync($$"""{"type":"publish","channel":"{{channel}}","data":1}""");
            Assert.True(await entered.WaitAsync(Eventually.Limit));
            var answer = client.ExpectAsync("error");
            await Eventually.TrueAsync(
                () =>
                {
                    time.Advance(TimeSpan.FromSeconds(10));
                    return answer.IsCompleted;
                },
                "the handler's time is over");
            Assert.Equal("timeout", (await answer).GetProperty("code").GetString());
        }

        Assert.Empty((await app.Tidings.HistoryAsync("deaf")).Messages);
        never.SetResult();
    }

    [Fact]
    public async Task A_handler_that_cannot_be_bound_stops_the_start()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => TestApp.StartAsync(tidings => tidings.MapChannel("c").OnPublish((ChatLine a, ChatLine b) => { })));
        await Assert.ThrowsAsync<ArgumentException>(() => TestApp.StartAsync(tidings => tidings.MapChannel("c").OnSubscribe((ChatLine line) => { })));
        await Assert.ThrowsAsync<ArgumentException>(() => TestApp.StartAsync(tidings => tidings.MapChannel("c").OnSubscribe(() => 7)));
        await Assert.ThrowsAsync<ArgumentException>(() => TestApp.StartAsync(tidings => tidings.MapChannel("c:{x}").OnPublish((Probe x) => { })));
        await Assert.ThrowsAsync<ArgumentException>(() => TestApp.StartAsync(tidings => tidings.MapChannel("{")));
        await Assert.ThrowsAsync<ArgumentException>(() => TestApp.StartAsync(tidings => tidings.MapCall("a", () => 1).MapCall("a", () => 2)));
    }

    internal sealed record ChatLine(string Text, string? From);

    internal sealed record StrictLine
    {
        [MaxLength(10)]
        public required string Text { get; init; }
    }

    internal sealed record Greeting(string Text);

    internal sealed class Probe : IDisposable
    {
        public bool Disposed { get; private set; }

        public void Dispose() => Disposed = true;
    }
}
