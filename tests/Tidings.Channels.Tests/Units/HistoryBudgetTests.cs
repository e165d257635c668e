using System.Net;
using Tidings.Brokers;
using Tidings.Dialects;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Quotas;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Units;

/// <summary>B48: whatever is said in however many names, all logs together take no more than they may, and each sender loses its own first.</summary>
public sealed class HistoryBudgetTests : IDisposable, IMessageSink
{
    private const long Limit = 4 << 20;
    private static readonly Sender Attacker = Sender.Of(null, AddressKey.From(IPAddress.Parse("127.0.0.1")));
    private static readonly Sender Visitor = Sender.Of(null, AddressKey.From(IPAddress.Parse("127.0.0.2")));
    private static readonly Sender User = Sender.Of("u1", AddressKey.From(IPAddress.Parse("127.0.0.1")));

    private readonly ManualTime _time = new();
    private readonly HistoryBudget _budget = new(Limit);
    private readonly HashSet<string> _subscribed = [];
    private readonly MemoryBroker _broker;

    public HistoryBudgetTests() => _broker = new MemoryBroker(this, _time, _budget);

    [Theory]
    [InlineData(65_536, 1)]
    [InlineData(65_536, 100)]
    [InlineData(10, 1)]
    [InlineData(10, 100)]
    public async Task One_sender_fills_any_number_of_names_and_nobody_else_loses_anything(int bytes, int each)
    {
        var server = await SayAsync(Sender.Server, "server", 200);
        var visitor = await SayAsync(Visitor, "visitor", 200);
        var user = await SayAsync(User, "user", 200);
        for (var i = 0; i < 8 * Limit / (bytes + 500) / each; i++)
        {
            for (var j = 0; j < each; j++)
            {
                await SayAsync(Attacker, $"name{i}", bytes);
                Assert.True(_budget.Used <= Limit, $"{_budget.Used} bytes");
            }
        }

        Assert.True(_budget.Used > Limit / 2, $"{_budget.Used} bytes");
        Assert.True(_budget.Evicted > 0);
        foreach (var (channel, position) in new[] { ("server", server), ("visitor", visitor), ("user", user) })
        {
            Assert.Single((await _broker.ReadAsync(channel, new HistoryRequest(position with { Offset = 0 }, 0))).Messages);
        }
    }

    [Fact]
    public async Task What_goes_is_a_prefix_and_whoever_comes_back_before_it_is_told()
    {
        var positions = new List<StreamPosition>();
        for (var i = 0; i < 100; i++)
        {
            positions.Add(await SayAsync(Attacker, "a", 65_536));
        }

        var part = await _broker.ReadAsync("a", new HistoryRequest(null, 1000));
        Assert.InRange(part.Messages.Count, 40, 62);
        Assert.Equal(positions[^part.Messages.Count..], part.Messages.Select(static message => message.Position));
        Assert.False((await _broker.ReadAsync("a", new HistoryRequest(positions[0], 0))).Recovered);
        Assert.True((await _broker.ReadAsync("a", new HistoryRequest(positions[^10], 0))).Recovered);
    }

    [Fact]
    public async Task The_largest_sender_loses_first_and_in_the_log_where_it_has_most()
    {
        for (var i = 0; i < 20; i++)
        {
            await SayAsync(Visitor, "visitor", 65_536);
            await SayAsync(Attacker, "small", 20_000);
            await SayAsync(Attacker, "large", 65_536);
        }

        for (var i = 0; i < 20; i++)
        {
            await SayAsync(User, "user", 65_536);
        }

        Assert.Equal(20, await CountAsync("small"));
        Assert.InRange(await CountAsync("large"), 1, 19);
        Assert.Equal(20, await CountAsync("visitor"));
        Assert.Equal(20, await CountAsync("user"));
    }

    [Fact]
    public async Task Of_many_names_alike_those_that_are_unused_for_longest_go()
    {
        for (var i = 0; i < 100; i++)
        {
            await SayAsync(Attacker, $"name{i}", 65_536);
            _time.Advance(TimeSpan.FromMilliseconds(2));
        }

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(i >= 100 - _broker.Logs ? 1 : 0, await CountAsync($"name{i}"));
        }
    }

    [Fact]
    public async Task What_the_server_has_said_goes_last_and_the_server_goes_on()
    {
        for (var i = 0; i < 30; i++)
        {
            await SayAsync(Visitor, "visitor", 65_536);
        }

        for (var i = 0; i < 55; i++)
        {
            await SayAsync(Sender.Server, "server", 65_536);
        }

        Assert.Equal(55, await CountAsync("server"));
        Assert.InRange(await CountAsync("visitor"), 0, 29);
        for (var i = 0; i < 200; i++)
        {
            await SayAsync(Sender.Server, $"server{i}", 65_536);
        }

        Assert.True(_budget.Used <= Limit);
        Assert.Equal(1, await CountAsync("server199"));
        Assert.Equal(0, await CountAsync("visitor"));
    }

    [Fact]
    public async Task Encoded_frames_count_and_are_given_back()
    {
        var dialect = new ConnectDialect();
        for (var i = 0; i < 100; i++)
        {
            await SayAsync(Attacker, "a", 32_768);
            foreach (var message in (await _broker.ReadAsync("a", new HistoryRequest(null, 1))).Messages)
            {
                dialect.BytesOf(message);
            }
        }

        Assert.InRange(await CountAsync("a"), 40, 62);
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Equal((0, 0, 0), (_broker.Logs, _budget.Used, _budget.Senders));
    }

    [Fact]
    public async Task Everything_is_given_back_once_it_is_too_old()
    {
        for (var i = 0; i < 5_000; i++)
        {
            var sender = Sender.Of($"u{i % 700}", default);
            await SayAsync(sender, $"name{i % 900}", i % 300, key: i % 3 == 0 ? $"key{i}" : null, history: i % 4);
        }

        Assert.True(_budget.Senders > 500);
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Equal((0, 0, 0), (_broker.Logs, _budget.Used, _budget.Senders));
    }

    [Fact]
    public async Task Names_without_a_history_take_their_place_and_go_before_others()
    {
        await SayAsync(Visitor, "visitor", 200);
        for (var i = 0; i < 30_000; i++)
        {
            await SayAsync(Attacker, $"name{i}", 10, history: 0);
        }

        Assert.True(_budget.Used <= Limit, $"{_budget.Used} bytes");
        Assert.Equal(1, await CountAsync("visitor"));
    }

    [Fact]
    public async Task A_log_that_somebody_listens_to_keeps_its_epoch()
    {
        _subscribed.Add("a");
        var first = await SayAsync(Attacker, "a", 65_536);
        for (var i = 0; i < 200; i++)
        {
            await SayAsync(Attacker, $"name{i}", 65_536);
        }

        await SayAsync(Attacker, "a", 10);
        Assert.Equal(first with { Offset = 2 }, (await _broker.ReadAsync("a", default)).Top);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Keys_that_are_set_and_taken_out_again_are_counted_once(int history)
    {
        await SetAsync(Sender.Server, "its own", history);
        var used = _budget.Used;
        await SetAsync(Attacker, "a", history);
        var one = _budget.Used - used;
        for (var i = 0; i < 100; i++)
        {
            await SetAsync(Attacker, "a", history);
            Assert.Equal((2, used + one), (_budget.Senders, _budget.Used));
        }

        for (var i = 0; i < 100; i++)
        {
            await SetAsync(Attacker, "a", history);
            await RemoveAsync(Attacker, "a", history);
        }

        await SetAsync(Attacker, "a", history);
        Assert.Equal((2, used + one), (_budget.Senders, _budget.Used));
        await SetAsync(Visitor, "a", history);
        await RemoveAsync(Attacker, "a", history);
        await RemoveAsync(Sender.Server, "its own", history);
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Equal((0, 0, 0), (_broker.Logs, _budget.Used, _budget.Senders));
    }

    [Fact]
    public async Task Many_senders_at_once_stay_within_it()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 2_000; i++)
            {
                await SayAsync(Sender.Of($"u{worker}", default), $"name{i % 50}", 4_096);
            }
        })));
        Assert.True(_budget.Used <= Limit + (Limit / 8), $"{_budget.Used} bytes");
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Equal((0, 0, 0), (_broker.Logs, _budget.Used, _budget.Senders));
    }

    void IMessageSink.Deliver(string channel, Message message) => throw new NotSupportedException();

    void IMessageSink.Deliver(Message message)
    {
    }

    void IMessageSink.Announce(string channel, StreamPosition top)
    {
    }

    bool IMessageSink.HasSubscribers(string channel) => _subscribed.Contains(channel);

    public void Dispose() => _broker.Dispose();

    private async Task<int> CountAsync(string channel) => (await _broker.ReadAsync(channel, new HistoryRequest(null, 1000))).Messages.Count;

    private Task<StreamPosition> SetAsync(Sender sender, string key, int history) => SayOfKeyAsync(sender, key, history, MessageKind.Message);

    private Task<StreamPosition> RemoveAsync(Sender sender, string key, int history) => SayOfKeyAsync(sender, key, history, MessageKind.KeyRemoval);

    private async Task<StreamPosition> SayOfKeyAsync(Sender sender, string key, int history, MessageKind kind) =>
        (await _broker.PublishAsync(new Publication("board", kind == MessageKind.KeyRemoval ? default : MessageData.Text("x"))
        {
            Sender = sender,
            Key = key,
            Kind = kind,
            Retention = new Retention(history, TimeSpan.FromHours(1)) { State = new StateBounds(10, 1000) },
        }))!.Value;

    private async Task<StreamPosition> SayAsync(Sender sender, string channel, int bytes, string? key = null, int history = 100) =>
        (await _broker.PublishAsync(new Publication(channel, MessageData.Text(new string('x', bytes)))
        {
            Sender = sender,
            IdempotencyKey = key,
            Retention = new Retention(history, TimeSpan.FromHours(1)),
        }))!.Value;
}
