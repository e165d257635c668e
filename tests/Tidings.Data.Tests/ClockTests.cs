using Tidings.Data.Tests.World;

namespace Tidings.Data.Tests;

/// <summary>The clock on the wall is set back and forth: messages and keys last as long as was said, and positions go on.</summary>
public sealed class ClockTests
{
    [Fact]
    public async Task A_wall_clock_that_is_set_while_the_server_runs_ends_nothing_and_keeps_nothing_for_ever()
    {
        var clock = new SetClock();
        await using var world = new DataWorld(clock);
        var node = world.Start();
        var first = await node.SayAsync("news", "one", "key", age: TimeSpan.FromHours(1));
        foreach (var jump in new[] { TimeSpan.FromDays(400), TimeSpan.FromDays(-800), TimeSpan.FromDays(1) })
        {
            clock.Offset += jump;
            clock.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal(first, await node.SayAsync("news", "again", "key"));
            Assert.Single((await node.ReadAsync("news", last: 10)).Messages);
        }

        clock.Advance(TimeSpan.FromMinutes(58));
        Assert.Empty((await node.ReadAsync("news", last: 10)).Messages);
        Assert.NotEqual(first, await node.SayAsync("news", "two", "key"));
    }

    [Fact]
    public async Task A_wall_clock_that_was_set_back_before_a_restart_takes_nothing_from_messages_keys_and_positions()
    {
        var clock = new SetClock();
        await using var world = new DataWorld(clock);
        var node = world.Start();
        var first = await node.SayAsync("news", "one", "key", age: TimeSpan.FromHours(1));
        for (var restart = 0; restart < 3; restart++)
        {
            clock.Offset -= TimeSpan.FromDays(30);
            node = await world.RestartAsync();
            clock.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal(first, await node.SayAsync("news", "again", "key"));
            Assert.True((await node.ReadAsync("news", first)).Recovered);
        }

        clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Empty((await node.ReadAsync("news", last: 10)).Messages);
        Assert.NotEqual(first, await node.SayAsync("news", "two", "key"));
    }

    // A manual clock whose time of day can be set.
    private sealed class SetClock : TimeProvider
    {
        private readonly ManualTime _time = new();

        public TimeSpan Offset { get; set; }

        public override long TimestampFrequency => _time.TimestampFrequency;

        public override long GetTimestamp() => _time.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => _time.GetUtcNow() + Offset;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => _time.CreateTimer(callback, state, dueTime, period);

        public void Advance(TimeSpan by) => _time.Advance(by);
    }
}
