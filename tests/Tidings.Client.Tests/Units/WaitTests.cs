using System.Net;
using Tidings.Client.Connecting;
using Tidings.Client.Contracts;
using Tidings.Client.Tests.World;
using Tidings.Client.Transports;
using Tidings.Testing;
using TestKit;

namespace Tidings.Client.Tests.Units;

/// <summary>Every wait has a largest value, whoever names it.</summary>
public sealed class WaitTests
{
    private static readonly TimeSpan FiveMinutes = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData(2_147_483_648)]
    [InlineData(1_000_000_000_000_000)]
    [InlineData(9_007_199_254_740_991)]
    public async Task A_server_is_come_back_to_after_five_minutes_whatever_it_asks(long after)
    {
        var time = new ManualTime();
        var server = new ScriptedServer(time);
        await using var client = server.Client();
        var delays = new System.Collections.Concurrent.ConcurrentQueue<TimeSpan>();
        client.StateChanged += change =>
        {
            if (change.Delay is { } delay)
            {
                delays.Enqueue(delay);
            }
        };
        var connecting = client.ConnectAsync();
        var transport = await server.ConnectAsync();
        await connecting;
        await transport.SayAsync($$"""{"type":"disconnecting","reason":"Draining","reconnect":true,"after":{{after}}}""");
        transport.End(4100);
        await Eventually.TrueAsync(() => !delays.IsEmpty, "It waits");
        Assert.Equal([FiveMinutes], delays);
        await Eventually.TrueAsync(() => time.ArmedTimers > 0, "It waits by the clock");
        time.Advance(FiveMinutes);
        await server.ConnectAsync();
    }

    [Theory]
    [InlineData(2_147_483_648)]
    [InlineData(9_007_199_254_740_991)]
    public void A_heartbeat_is_no_longer_than_an_hour(long interval) => Assert.Equal(TimeSpan.FromHours(1), Waits.Heartbeat(interval));

    [Fact]
    public void Without_a_heartbeat_the_clients_own_holds()
    {
        Assert.Equal(TimeSpan.FromSeconds(30), Waits.Heartbeat(null));
        Assert.Equal(TimeSpan.FromSeconds(30), Waits.Heartbeat(0));
        Assert.Equal(TimeSpan.FromMilliseconds(100), Waits.Heartbeat(1));
        Assert.Equal(TimeSpan.FromMinutes(1), Waits.Heartbeat(60_000));
    }

    [Theory]
    [InlineData("999999999999")]
    [InlineData("2147483647")]
    public void A_Retry_After_is_no_longer_than_five_minutes(string seconds)
    {
        using var response = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        response.Headers.TryAddWithoutValidation("Retry-After", seconds);
        Assert.InRange(RetryAfter.Read(response) ?? TimeSpan.Zero, TimeSpan.Zero, FiveMinutes);
        Assert.InRange(RetryAfter.Read(new Dictionary<string, IEnumerable<string>> { ["Retry-After"] = [seconds] }) ?? TimeSpan.Zero, TimeSpan.Zero, FiveMinutes);
    }

    [Fact]
    public void The_longest_of_all_waits_is_one_that_timers_know()
    {
        var plan = new ReconnectPlan(null, canRenew: false, static () => 0.999999);
        for (var i = 0; i < 100; i++)
        {
            Assert.InRange(plan.Next(new SessionEnd(new((ushort)(i % 2 == 0 ? 1008 : 1012), ""), After: FiveMinutes))!.Value, TimeSpan.Zero, TimeSpan.FromMinutes(6));
        }
    }

    [Theory]
    [InlineData(ClientTransport.ServerSentEvents)]
    [InlineData(ClientTransport.LongPolling)]
    [InlineData(ClientTransport.WebSocket)]
    public async Task The_longest_time_out_of_commands_is_a_day_and_works(ClientTransport transport)
    {
        await using var world = await EndToEnd.ClientServer.StartAsync();
        var client = world.Client(new TidingsClientOptions { Transports = [transport], CommandTimeout = TimeSpan.MaxValue });
        Assert.Equal(1, (await client.PublishAsync("chat:a", 1).WaitAsync(Eventually.Limit))!.Value.Offset);
    }

    [Fact]
    public async Task A_command_over_the_rate_waits_as_long_as_the_server_asks_and_five_minutes_at_most()
    {
        var time = new ManualTime();
        var server = new ScriptedServer(time);
        await using var client = server.Client(new TidingsClientOptions { CommandTimeout = TimeSpan.FromHours(1) });
        _ = client.PublishAsync("chat:a", 1);
        var transport = await server.ConnectAsync("""{"type":"connected","pingInterval":3600000,"subscriptions":[]}""");
        await transport.SentAsync(1);
        foreach (var (asked, waits) in ((long, TimeSpan)[])[(2_500, TimeSpan.FromSeconds(2.5)), (9_007_199_254_740_991, FiveMinutes)])
        {
            var sent = transport.Count();
            await transport.SayAsync($$"""{"type":"error","id":{{transport.Id(0)}},"code":"rate_limited","error":"Rate limit exceeded","retryAfter":{{asked}}}""");
            time.Advance(waits - TimeSpan.FromMilliseconds(10));
            Assert.Equal(sent, transport.Count());
            await Eventually.TrueAsync(
                () =>
                {
                    time.Advance(TimeSpan.FromMilliseconds(1));
                    return transport.Count() > sent;
                },
                "It was sent again");
        }
    }
}
