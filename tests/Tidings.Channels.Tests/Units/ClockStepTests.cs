using TestKit;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Testing;

namespace Tidings.Channels.Tests.Units;

/// <summary>The clock is set ahead or back while a log in memory is in use: nothing fails, nothing is kept for too long, nothing goes too early.</summary>
public sealed class ClockStepTests : IDisposable, IMessageSink
{
    private readonly ManualTime _time = new();
    private readonly SteppedClock _clock;
    private readonly MemoryBroker _broker;
    private readonly List<Message> _delivered = [];

    public ClockStepTests()
    {
        _clock = new SteppedClock(_time);
        _broker = new MemoryBroker(this, _clock);
    }

    [Theory]
    [InlineData(-3600)]
    [InlineData(-10)]
    [InlineData(-1)]
    [InlineData(10)]
    [InlineData(3600)]
    public async Task Keys_hold_for_five_minutes_and_no_offset_is_used_up(int step)
    {
        await SayAsync("before");
        _clock.Step(TimeSpan.FromSeconds(step));
        var first = await SayAsync("after");
        Assert.Equal(1, (await SayAsync("before")).Offset);
        for (var i = 0; i < 4; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(74));
            Assert.Equal(first, await SayAsync("after"));
        }

        // Both have ended: each is a message anew, and the next one after the newest.
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(3, (await SayAsync("after")).Offset);
        Assert.Equal(4, (await SayAsync("before")).Offset);
        Assert.Equal([1, 2, 3, 4], _delivered.Select(static message => message.Offset));
    }

    [Theory]
    [InlineData(-3600)]
    [InlineData(3600)]
    public async Task Messages_are_kept_for_as_long_as_they_are_to_be(int step)
    {
        _clock.Step(TimeSpan.FromHours(1));
        var first = await SayAsync(key: null);
        _clock.Step(TimeSpan.FromSeconds(step));
        _time.Advance(TimeSpan.FromMinutes(9));
        Assert.Single((await _broker.ReadAsync("a", new HistoryRequest(null, 10))).Messages);
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Empty((await _broker.ReadAsync("a", new HistoryRequest(null, 10))).Messages);
        Assert.Equal(first.Epoch, (await SayAsync(key: null)).Epoch);
    }

    [Fact]
    public async Task A_log_that_nobody_asks_for_is_forgotten_in_time()
    {
        await SayAsync("key");
        _clock.Step(-TimeSpan.FromHours(10));
        _time.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(0, _broker.Logs);
    }

    [Fact]
    public async Task Messages_say_the_time_that_people_read()
    {
        await SayAsync(key: null);
        _clock.Step(-TimeSpan.FromHours(1));
        await SayAsync(key: null);
        Assert.Equal(-3_600_000, _delivered[1].Time - _delivered[0].Time);
    }

    void IMessageSink.Deliver(string channel, Message message) => throw new NotSupportedException();

    void IMessageSink.Deliver(Message message) => _delivered.Add(message);

    void IMessageSink.Announce(string channel, StreamPosition top)
    {
    }

    bool IMessageSink.HasSubscribers(string channel) => false;

    public void Dispose() => _broker.Dispose();

    private async Task<StreamPosition> SayAsync(string? key) =>
        (await _broker.PublishAsync(new Publication("a", MessageData.Text("x")) { IdempotencyKey = key, Retention = new Retention(10, TimeSpan.FromMinutes(10)) }))!.Value;
}
