using System.Net;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Quotas;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Units;

/// <summary>B50: a sender that uses up its idempotency keys is refused, it alone; and no key is forgotten before its time.</summary>
public sealed class KeyQuotaTests : IMessageSink
{
    private static readonly Sender Attacker = Sender.Of(null, AddressKey.From(IPAddress.Parse("127.0.0.1")));
    private static readonly Sender Visitor = Sender.Of(null, AddressKey.From(IPAddress.Parse("127.0.0.2")));

    private readonly ManualTime _time = new();

    [Fact]
    public async Task One_address_uses_up_its_keys_of_a_channel_and_others_go_on()
    {
        using var broker = new MemoryBroker(this, _time);
        var first = await SayAsync(broker, Attacker, "a", "key0");
        for (var i = 1; i < 100_000; i++)
        {
            await SayAsync(broker, Attacker, "a", $"key{i}");
        }

        var refused = await Assert.ThrowsAsync<SenderQuotaException>(() => SayAsync(broker, Attacker, "a", "one more"));
        Assert.InRange(refused.RetryAfter!.Value, 1, 60_000);
        await SayAsync(broker, Visitor, "a", "visitor");
        await SayAsync(broker, Sender.Server, "a", "server");

        // A repeat is the first one again, from whatever address it comes.
        Assert.Equal(first, await SayAsync(broker, Attacker, "a", "key0"));
        Assert.Equal(first, await SayAsync(broker, Visitor, "a", "key0"));
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.NotEqual(first, await SayAsync(broker, Attacker, "a", "key0"));
    }

    [Fact]
    public async Task Over_many_channels_one_sender_gets_half_of_the_room_and_the_next_finds_some()
    {
        var budget = new HistoryBudget(1 << 20);
        using var broker = new MemoryBroker(this, _time, budget);
        var attackers = Enumerable.Range(1, 5).Select(static i => Sender.Of(null, AddressKey.From(IPAddress.Parse($"127.0.1.{i}")))).ToList();
        var kept = new List<(string Channel, string Key, StreamPosition Position)>();
        foreach (var attacker in attackers)
        {
            for (var i = 0; ; i++)
            {
                var (channel, key) = ($"name{i % 100}", $"{attacker}/{i}");
                try
                {
                    kept.Add((channel, key, await SayAsync(broker, attacker, channel, key)));
                }
                catch (SenderQuotaException)
                {
                    break;
                }
            }
        }

        Assert.True(budget.Used <= 1 << 20, $"{budget.Used} bytes");
        await SayAsync(broker, Visitor, "a", "visitor");
        await SayAsync(broker, Sender.Server, "a", "server");
        foreach (var (channel, key, position) in kept)
        {
            Assert.Equal(position, await SayAsync(broker, Visitor, channel, key));
        }
    }

    [Fact]
    public async Task A_sender_over_its_share_still_changes_its_own_keys_of_a_state_and_takes_them_out()
    {
        var budget = new HistoryBudget(1 << 20);
        using var broker = new MemoryBroker(this, _time, budget);
        var keys = 0;
        await Assert.ThrowsAsync<ChannelStateFullException>(async () =>
        {
            for (; ; keys++)
            {
                await SetAsync(broker, Attacker, $"k{keys}", "value");
            }
        });
        for (var i = 0; i < keys; i++)
        {
            await SetAsync(broker, Attacker, $"k{i}", "other");
        }

        await Assert.ThrowsAsync<ChannelStateFullException>(() => SetAsync(broker, Attacker, "k0", new string('x', 100_000)));
        await Assert.ThrowsAsync<ChannelStateFullException>(() => SetAsync(broker, Attacker, "further", "x"));
        await SetAsync(broker, Visitor, "k1", "the visitor's");
        await SetAsync(broker, Sender.Server, "server", "x");
        await broker.PublishAsync(Change(Attacker, "k2", "") with { Kind = MessageKind.KeyRemoval });
        await SetAsync(broker, Attacker, "k0", "shorter");
        Assert.True(budget.Used <= 1 << 20, $"{budget.Used} bytes");
    }

    [Fact]
    public void Where_others_remember_the_keys_the_node_counts_them()
    {
        var rates = new KeyRates(_time, most: 100);
        for (var i = 0; i < 100; i++)
        {
            Assert.True(rates.TryUse(Attacker, out _));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(rates.TryUse(Attacker, out var retryAfter));
        Assert.InRange(retryAfter, 1, 60_000);
        Assert.True(rates.TryUse(Visitor, out _));
        Assert.True(rates.TryUse(Sender.Server, out _));

        // Those of five minutes count, and after six none does.
        _time.Advance(TimeSpan.FromSeconds(200));
        Assert.False(rates.TryUse(Attacker, out _));
        _time.Advance(TimeSpan.FromMinutes(3));
        Assert.True(rates.TryUse(Attacker, out _));
        Assert.Equal(1, rates.Count);
    }

    void IMessageSink.Deliver(string channel, Message message) => throw new NotSupportedException();

    void IMessageSink.Deliver(Message message)
    {
    }

    void IMessageSink.Announce(string channel, StreamPosition top)
    {
    }

    bool IMessageSink.HasSubscribers(string channel) => false;

    private static Publication Change(Sender sender, string key, string text) =>
        new("board", MessageData.Text(text)) { Key = key, Sender = sender, Retention = new Retention(0, TimeSpan.FromHours(1)) { State = new StateBounds(100_000, 16 << 20) } };

    private static async Task SetAsync(MemoryBroker broker, Sender sender, string key, string text) => await broker.PublishAsync(Change(sender, key, text));

    private static async Task<StreamPosition> SayAsync(MemoryBroker broker, Sender sender, string channel, string key) =>
        (await broker.PublishAsync(new Publication(channel, MessageData.Text("x")) { Sender = sender, IdempotencyKey = key, Retention = new Retention(0, TimeSpan.Zero) }))!.Value;
}
