using System.Diagnostics;
using TestKit;
using Tidings.Brokers;
using Tidings.Protocol;
using Tidings.Redis.Servers;
using Tidings.Redis.Tests.World;
using Tidings.Specification;

namespace Tidings.Redis.Tests.Faults;

/// <summary>Whatever happens to a node's connection, it is noticed in time, and nothing that is kept is missed.</summary>
public sealed class LinkRules : IAsyncLifetime
{
    private RedisServer _redis = null!;
    private FaultProxy _proxy = null!;
    private RedisWorld _world = null!;
    private BrokerNode _publisher = null!;
    private BrokerNode _node = null!;
    private Listener _listener = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        _proxy = new FaultProxy(_redis.Port) { DownFilter = static () => new Deafness() };
        _world = new RedisWorld(_redis.Address);
        _publisher = await _world.NodeAsync();
        _node = await _world.NodeAsync($"127.0.0.1:{_proxy.Port}");
        _listener = await Listener.OnAsync(_node, "a");
        await _listener.HasHeardAsync(await SayAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Deafness.IsDeaf = false;
        await _world.DisposeAsync();
        await _proxy.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public Task Cut_off_while_others_speak() => NothingIsMissedAsync(TimeSpan.FromSeconds(2), () =>
    {
        _proxy.CutAll();
        return Task.CompletedTask;
    });

    [Fact]
    public Task Half_open() => NothingIsMissedAsync(TimeSpan.FromSeconds(5), () =>
    {
        _proxy.HalfOpenAll();
        return Task.CompletedTask;
    });

    [Fact]
    public Task Nothing_comes_through_any_more() => NothingIsMissedAsync(
        TimeSpan.FromSeconds(5),
        () =>
        {
            _proxy.Down.Fault = Fault.Blackhole;
            return Task.CompletedTask;
        },
        () => _proxy.Down.Fault = Fault.None);

    [Fact]
    public Task Deaf_while_everything_is_answered() => NothingIsMissedAsync(
        TimeSpan.FromSeconds(10),
        () =>
        {
            Deafness.IsDeaf = true;
            return Task.CompletedTask;
        },
        static () => Deafness.IsDeaf = false);

    [Fact]
    public Task Redis_throws_the_node_out_as_slow() => NothingIsMissedAsync(TimeSpan.FromSeconds(2), () => _redis.SendAsync("CLIENT", "KILL", "TYPE", "pubsub"));

    [Fact]
    public Task Redis_throws_everybody_out() => NothingIsMissedAsync(TimeSpan.FromSeconds(2), () => _redis.SendAsync("CLIENT", "KILL", "TYPE", "normal"));

    [Fact]
    public async Task A_call_that_gets_no_answer_fails_within_its_deadline_and_later_ones_at_once()
    {
        _proxy.Down.Fault = Fault.Blackhole;
        var started = Stopwatch.GetTimestamp();
        await Assert.ThrowsAsync<BrokerUnavailableException>(() => _node.SayAsync("a", "x"));
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        await Eventually.TrueAsync(() => !_node.Backplane.IsAvailable, "the link is given up", TimeSpan.FromSeconds(5));
        for (var i = 0; i < 100; i++)
        {
            var fails = _node.SayAsync("a", "x");
            Assert.True(fails.IsFaulted);
            await Assert.ThrowsAsync<BrokerUnavailableException>(() => fails);
        }
    }

    // Calls that have the link when it ends still go over it.
    [Fact]
    public async Task Calls_on_a_connection_that_was_closed_are_unavailable()
    {
        var connection = await RedisConnection.ConnectAsync(new RedisOptions { Configuration = _redis.Address }.Places()[0], static (_, _) => { }, TimeProvider.System, CancellationToken.None);
        connection.Dispose();
        Func<Task>[] calls =
        [
            () => connection.EvaluateAsync(RedisScript.Mark, [connection.Keys.Generation], []),
            () => connection.ExecuteAsync("TIME"),
            () => connection.PublishAsync("a", [1]),
            () => connection.SubscribeAsync("a"),
        ];
        await Eventually.TrueAsync(async () => await Record.ExceptionAsync(calls[0]) is BrokerUnavailableException { InnerException: ObjectDisposedException }, static () => "it is closed");
        foreach (var call in calls)
        {
            await Assert.ThrowsAsync<BrokerUnavailableException>(call);
        }
    }

    [Fact]
    public async Task Scripts_that_Redis_has_forgotten_are_given_to_it_again()
    {
        var before = await SayAsync();
        await _redis.SendAsync("SCRIPT", "FLUSH");
        Assert.Equal(before with { Offset = before.Offset + 1 }, await SayAsync());
    }

    [Fact]
    public async Task What_is_forged_is_dropped_and_what_is_real_goes_on()
    {
        var before = await SayAsync();
        foreach (var forged in (string[])["", "garbage", "1 ", "1 - 0 1\n", "1 - 0 1\n{}\nnot json", "2 - 0 1\n{}\n1", "1 - 7 1\n{}\n1", $"1 {before.Epoch} 0 1\n{{}}\n1",
            $"1 {before.Epoch} 999999999 1\n{{}}\n1", "1 other 1 1\n{}\n1", $"1 {before.Epoch} 9007199254740993 1\n{{}}\n1", $"1 {before.Epoch} -1 1\n{{}}\n1",
            $"1 {new string('e', 33)} 1 1\n{{}}\n1", "1 a b 1\n{}\n1", $"1 {before.Epoch} 1 1\n[]\n1", $"1 {before.Epoch} 99 1\n{{\"from\":1}}\n1", "1 - 0 1\n{\"$type\":\"System.IO.FileInfo\",\"from\":{}}\n1"])
        {
            Assert.StartsWith(":", await _redis.SendAsync("PUBLISH", "tidings:channel:a", forged), StringComparison.Ordinal);
        }

        var after = await SayAsync();
        Assert.Equal(before with { Offset = before.Offset + 1 }, after);
        await _listener.HasHeardAsync(after);
        Assert.Equal(Enumerable.Range(1, (int)after.Offset).Select(static i => (long)i), _listener.Offsets);
    }

    [Fact]
    public async Task Nobody_is_heard_any_more_once_nobody_listens()
    {
        Assert.Equal(1, await SubscribersAsync("a"));
        _listener.Dispose();
        await Eventually.TrueAsync(async () => await SubscribersAsync("a") == 0, static () => "nobody is subscribed");
        using var again = await Listener.OnAsync(_node, "a");
        await again.HasHeardAsync(await SayAsync());
    }

    [Fact]
    public async Task A_publish_waits_for_Redis_where_that_was_asked_for()
    {
        await using var world = new RedisWorld(_redis.Address, static options => options.PublishWait = TimeSpan.FromSeconds(20));
        var patient = await world.NodeAsync();
        _redis.Kill();
        await Eventually.TrueAsync(() => !patient.Backplane.IsAvailable, "the node knows that Redis is away");
        var saying = patient.SayAsync("a", "x");
        Assert.False(saying.IsCompleted);
        await _redis.StartAgainAsync();
        Assert.Equal(1, (await saying).Offset);
    }

    private Task<StreamPosition> SayAsync() => _publisher.SayAsync("a", "x", history: 100_000);

    private async Task<int> SubscribersAsync(string channel) =>
        int.Parse((await _redis.SendAsync("PUBSUB", "NUMSUB", $"tidings:channel:{channel}")).Split(':')[^1], System.Globalization.CultureInfo.InvariantCulture);

    // Somebody speaks all the time. The fault is done, noticed within the bound, mended; then the listener has heard everything once and in order.
    private async Task NothingIsMissedAsync(TimeSpan noticed, Func<Task> fault, Action? mend = null)
    {
        using var end = new CancellationTokenSource();
        var speaking = SpeakAsync(end.Token);
        await fault();
        await Eventually.TrueAsync(() => !_node.Backplane.IsAvailable || _proxy.Accepted > 2, "the fault is noticed", noticed);
        mend?.Invoke();
        await Eventually.TrueAsync(() => _node.Backplane.IsAvailable, "the node is connected again");
        await end.CancelAsync();
        var last = await speaking;
        await _listener.HasHeardAsync(last);
        Assert.Equal(Enumerable.Range(1, (int)last.Offset).Select(static i => (long)i), _listener.Offsets);
        Assert.Single(_listener.Heard.Select(static message => message.Epoch).Distinct());
    }

    private async Task<StreamPosition> SpeakAsync(CancellationToken end)
    {
        for (var i = 0; i < 50_000; i++)
        {
            try
            {
                var position = await SayAsync();
                if (end.IsCancellationRequested)
                {
                    return position;
                }

                await Task.Delay(1, CancellationToken.None);
            }
            catch (BrokerUnavailableException)
            {
                // Where everybody is thrown out: it may have been accepted, and is then heard.
                await Task.Delay(10, CancellationToken.None);
            }
        }

        throw new ExpectationException("It has taken too long.");
    }
}
