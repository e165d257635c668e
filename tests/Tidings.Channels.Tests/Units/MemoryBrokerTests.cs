using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Units;

/// <summary>The log in memory: retention, idempotency, epochs.</summary>
public sealed class MemoryBrokerTests : IDisposable, IMessageSink
{
    private readonly ManualTime _time = new();
    private readonly MemoryBroker _broker;
    private readonly List<Message> _delivered = [];

    public MemoryBrokerTests() => _broker = new MemoryBroker(this, _time);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    public async Task A_retry_is_the_same_message_until_the_window_has_passed(int history)
    {
        var first = await SayAsync("a", "key", history);
        for (var i = 0; i < 5; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(59));
            Assert.Equal(first, await SayAsync("a", "key", history));
        }

        _time.Advance(TimeSpan.FromSeconds(6));
        var second = await SayAsync("a", "key", history);
        Assert.Equal(first!.Value.Offset + 1, second!.Value.Offset);
        Assert.Equal(second, await SayAsync("a", "key", history));
        Assert.Equal(2, _delivered.Count);
    }

    [Fact]
    public async Task Over_the_bound_of_keys_new_ones_are_refused_and_no_old_one_is_forgotten()
    {
        StreamPosition? first = null;
        for (var i = 0; i < 100_000; i++)
        {
            var position = await SayAsync("a", $"key{i}", history: 0);
            first ??= position;
        }

        await Assert.ThrowsAsync<BrokerUnavailableException>(() => SayAsync("a", "one more", history: 0));
        Assert.Equal(first, await SayAsync("a", "key0", history: 0));
        Assert.NotNull(await SayAsync("a", null, history: 0));
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.NotNull(await SayAsync("a", "one more", history: 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    public async Task As_many_messages_are_kept_as_was_said(int history)
    {
        for (var i = 0; i < 20; i++)
        {
            await SayAsync("a", null, history);
        }

        var part = await _broker.ReadAsync("a", new HistoryRequest(null, 100));
        Assert.Equal(Enumerable.Range(21 - history, history).Select(i => (long)i), part.Messages.Select(message => message.Offset));
        var from = new StreamPosition(part.Top.Epoch, 20 - history);
        Assert.True((await _broker.ReadAsync("a", new HistoryRequest(from, 0))).Recovered);
        Assert.False((await _broker.ReadAsync("a", new HistoryRequest(new StreamPosition(from.Epoch, from.Offset - 1), 0))).Recovered);
    }

    [Fact]
    public async Task A_log_that_is_begun_anew_has_another_epoch()
    {
        var epochs = new HashSet<string>();
        for (var i = 0; i < 20; i++)
        {
            epochs.Add((await SayAsync("a", null, 10))!.Value.Epoch);
            _time.Advance(TimeSpan.FromHours(2));
            Assert.Equal(0, _broker.Logs);
        }

        Assert.Equal(20, epochs.Count);
    }

    [Fact]
    public async Task Nobody_s_log_is_dropped_while_it_may_be_asked_for()
    {
        var first = await SayAsync("a", "key", 10);
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.True((await _broker.ReadAsync("a", new HistoryRequest(first!.Value with { Offset = 0 }, 0))).Recovered);
    }

    void IMessageSink.Deliver(string channel, Message message) => throw new NotSupportedException();

    void IMessageSink.Deliver(Message message) => _delivered.Add(message);

    void IMessageSink.Announce(string channel, StreamPosition top)
    {
    }

    bool IMessageSink.HasSubscribers(string channel) => false;

    public void Dispose() => _broker.Dispose();

    private async Task<StreamPosition?> SayAsync(string channel, string? key, int history) =>
        await _broker.PublishAsync(new Publication(channel, MessageData.Text("x")) { IdempotencyKey = key, Retention = new Retention(history, TimeSpan.FromHours(1)) });
}
