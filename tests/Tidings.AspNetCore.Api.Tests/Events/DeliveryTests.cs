using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tidings.Testing;

namespace Tidings.AspNetCore.Api.Tests.Events;

/// <summary>Receivers that fail, in every way there is: nothing is lost, nothing overtakes, and nobody else waits.</summary>
public sealed class DeliveryTests
{
    private readonly ManualTime _time = new();

    [Theory]
    [InlineData(500)]
    [InlineData(404)]
    [InlineData(302)]
    [InlineData(503)]
    [InlineData(429)]
    public async Task What_was_refused_is_told_again_with_the_same_ids_and_in_order(int status)
    {
        await using var receiver = await EventBackEnd.StartAsync();
        var failing = true;
        var refused = new ConcurrentQueue<string>();
        receiver.Answer = (events, context) =>
        {
            if (failing)
            {
                events.Select(static one => one.GetProperty("id").GetString()!).ToList().ForEach(refused.Enqueue);
                context.Response.Headers.Location = "http://169.254.169.254/latest/meta-data";
            }

            return Task.FromResult<int?>(failing ? status : 204);
        };
        await using var app = await StartAsync(receiver);
        await PublishAsync(app, "chat:a", 1, 5);
        await AdvanceUntilAsync(app, () => receiver.Requests.Count > 4);
        await PublishAsync(app, "chat:a", 6, 10);
        failing = false;
        await AdvanceUntilAsync(app, () => receiver.Taken.Count >= 10);
        Assert.Equal(Enumerable.Range(1, 10), receiver.Taken.Select(Number));
        Assert.Superset(refused.ToHashSet(), receiver.Taken.Select(static one => one.GetProperty("id").GetString()!).ToHashSet());
    }

    [Fact]
    public async Task A_refused_event_holds_back_its_channel_and_no_other()
    {
        await using var receiver = await EventBackEnd.StartAsync();
        receiver.Answer = static (events, _) => Task.FromResult<int?>(events.Any(static one => IsBad(one) && Number(one) == 2) ? 500 : 204);
        await using var app = await StartAsync(receiver);
        await PublishAsync(app, "chat:bad", 1, 3);
        for (var i = 0; i < 20; i++)
        {
            await PublishAsync(app, $"chat:{i}", 1, 3);
        }

        await AdvanceUntilAsync(app, () => receiver.Taken.Count >= 61);
        Assert.Equal([1], receiver.Taken.Where(IsBad).Select(Number));

        // It goes on to be told, for a day; then it is dropped, and that is told. What is still to be answered would be a day old, too.
        await Eventually.TrueAsync(() => UnderWay(app) == 0, "all are answered");
        _time.Advance(TimeSpan.FromDays(1));
        await AdvanceUntilAsync(app, () => receiver.Taken.Any(static one => one.GetProperty("type").GetString() == "events.trimmed") && receiver.Taken.Any(static one => IsBad(one) && Number(one) == 3));

        // Time that a test moves may overtake an answer: then it is told again, by the same id.
        var taken = receiver.Taken.DistinctBy(static one => one.GetProperty("id").GetString()).ToList();
        Assert.Equal([1, 3], taken.Where(IsBad).Select(Number));
        Assert.All(taken.Where(static one => one.GetProperty("type").GetString() == "events.trimmed"), static one => Assert.Equal(1, one.GetProperty("data").GetProperty("count").GetInt32()));
    }

    [Fact]
    public async Task A_receiver_that_is_away_is_asked_by_one_request_at_a_time_and_told_all_when_it_is_back()
    {
        int port;
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            port = ((IPEndPoint)free.LocalEndpoint).Port;
        }

        await using var app = await TestApp.StartAsync(options: options => options.Events.Add(Named($"http://127.0.0.1:{port}/events?token=secret")), time: _time);
        await PublishAsync(app, "chat:a", 1, 250);
        await Eventually.TrueAsync(() => app.Log.Any(static line => line.Contains("does not take events", StringComparison.Ordinal)), "a warning");
        await using var receiver = await EventBackEnd.StartAsync(port);
        await AdvanceUntilAsync(app, () => receiver.Taken.Count >= 250);
        Assert.Equal(Enumerable.Range(1, 250), receiver.Taken.Select(Number));
        Assert.InRange(receiver.Requests.Count, 3, 6);
    }

    [Fact]
    public async Task A_receiver_that_hangs_is_given_up_after_ten_seconds_and_another_is_told_meanwhile()
    {
        await using var hanging = await EventBackEnd.StartAsync();
        await using var other = await EventBackEnd.StartAsync();
        var (hangs, hung) = (true, false);
        hanging.Answer = async (_, context) =>
        {
            if (hangs)
            {
                hung = true;
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
                return null;
            }

            return 204;
        };
        await using var app = await StartAsync(hanging, options => other.Register(options, static more => more.Channels.Add("chat:*")));
        await PublishAsync(app, "chat:a", 1, 3);
        await Eventually.EqualAsync(3, () => other.Taken.Count, "what the other was told");
        await Eventually.TrueAsync(() => hung, "it hangs");
        hangs = false;
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.True(hanging.IsBusy);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        await AdvanceUntilAsync(app, () => hanging.Taken.Count >= 3);
        Assert.Equal([1, 2, 3], hanging.Taken.Select(Number));
        Assert.Contains(app.Log, static line => line.Contains("no answer within 10 s", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_receiver_that_dies_in_the_middle_or_says_too_much_is_told_again()
    {
        await using var receiver = await EventBackEnd.StartAsync();
        var turn = 0;
        receiver.Answer = async (_, context) =>
        {
            switch (++turn)
            {
                case 1:
                    context.Abort();
                    return null;
                case 2:
                    // What it says is not read, and says nothing.
                    context.Response.StatusCode = 200;
                    await context.Response.WriteAsync(new string('x', 10 << 20), context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
                    return null;
                default:
                    return 204;
            }
        };
        await using var app = await StartAsync(receiver);
        await PublishAsync(app, "chat:a", 1, 1);
        await AdvanceUntilAsync(app, () => receiver.Requests.Count >= 2);

        // However slow the machine is, no time passes for the answer.
        await Eventually.EqualAsync(0, () => UnderWay(app), "batches under way");
        await PublishAsync(app, "chat:a", 2, 2);
        await AdvanceUntilAsync(app, () => !receiver.Taken.IsEmpty);
        Assert.Equal([2], receiver.Taken.Select(Number));
        Assert.Equal(3, receiver.Requests.Count);
        Assert.Equal(2, receiver.Requests.Distinct().Count());
    }

    [Fact]
    public async Task A_receiver_that_answers_410_is_told_nothing_more()
    {
        await using var receiver = await EventBackEnd.StartAsync();
        receiver.Answer = static (_, _) => Task.FromResult<int?>(410);
        await using var app = await StartAsync(receiver);
        await PublishAsync(app, "chat:a", 1, 1);
        await Eventually.TrueAsync(() => app.Log.Any(static line => line.Contains("answered 410", StringComparison.Ordinal)), "a warning");
        await PublishAsync(app, "chat:a", 2, 9);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Single(receiver.Requests);
    }

    [Fact]
    public async Task What_is_to_be_sent_again_at_once_is_sent_also_where_the_back_end_was_not_to_be_asked()
    {
        await using var receiver = await EventBackEnd.StartAsync();
        var away = true;
        receiver.Answer = (_, _) => Task.FromResult<int?>(away ? 503 : 204);
        await using var app = await StartAsync(receiver);
        await PublishAsync(app, "chat:a", 1, 1);
        await AdvanceUntilAsync(app, () => receiver.Requests.Count >= 8);
        await Eventually.EqualAsync(0, () => UnderWay(app), "batches under way");
        away = false;
        var asked = _time.GetTimestamp();
        await app.Services.GetRequiredService<Engine.Node>().Events.Store!.AskAsync(0, Tidings.Events.EventAsk.Retry);
        await Eventually.TrueAsync(
            () =>
            {
                if (receiver.Taken.IsEmpty && UnderWay(app) == 0)
                {
                    _time.Advance(TimeSpan.FromSeconds(0.1));
                }

                return !receiver.Taken.IsEmpty;
            },
            "it is told");
        Assert.InRange(_time.GetElapsedTime(asked), TimeSpan.Zero, TimeSpan.FromSeconds(2.5));
    }

    [Fact]
    public async Task A_receiver_whose_clock_is_wrong_is_said_to_have_one()
    {
        await using var receiver = await EventBackEnd.StartAsync();
        receiver.Answer = (_, context) =>
        {
            context.Response.Headers.Date = (_time.GetUtcNow() - TimeSpan.FromHours(1)).ToString("R");
            return Task.FromResult<int?>(401);
        };
        await using var app = await StartAsync(receiver);
        await PublishAsync(app, "chat:a", 1, 1);
        await Eventually.TrueAsync(() => app.Log.Any(static line => line.Contains("status 401, where 2xx is expected; its clock is 60 minutes behind this server's", StringComparison.Ordinal)), "a warning");
    }

    private static bool IsBad(JsonElement one) => one.TryGetProperty("channel", out var channel) && channel.GetString() == "chat:bad";

    private static int Number(JsonElement one) => one.GetProperty("data").GetProperty("data").GetInt32();

    private static EventReceiverOptions Named(string url)
    {
        var options = new EventReceiverOptions { Url = url, Secret = EventBackEnd.Secret };
        options.Channels.Add("chat:*");
        options.Types.Add("message.published");
        return options;
    }

    private Task<TestApp> StartAsync(EventBackEnd receiver, Action<TidingsOptions>? configure = null) => TestApp.StartAsync(
        options: options =>
        {
            options.Events.Add(Named(receiver.Url));
            configure?.Invoke(options);
        },
        time: _time);

    private static int UnderWay(TestApp app) => app.Services.GetRequiredService<Engine.Node>().Events.Deliveries[0].Describe().UnderWay;

    private static async Task PublishAsync(TestApp app, string channel, int from, int to)
    {
        for (var i = from; i <= to; i++)
        {
            await app.Tidings.PublishAsync(channel, i);
        }
    }

    // In steps, as what is waited for begins to be waited for in between; and not while something is under way.
    private Task AdvanceUntilAsync(TestApp app, Func<bool> condition) => Eventually.TrueAsync(
        () =>
        {
            if (condition())
            {
                return true;
            }

            _time.Advance(TimeSpan.FromSeconds(UnderWay(app) > 0 ? 0.1 : 8));
            return false;
        },
        "what was expected",
        TimeSpan.FromSeconds(30));
}
