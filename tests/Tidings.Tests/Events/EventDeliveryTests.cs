using Tidings.Events;
using Tidings.Messages;

namespace Tidings.Tests.Events;

/// <summary>Whatever stands in a queue and whatever the receiver does not take: the rest is told, in order, and what is counted as dropped is what was dropped.</summary>
public sealed class EventDeliveryTests
{
    private static readonly DeliveryOutcome Refused = new(DeliveryResult.Refused, "status 500");

    private static string Deepest => new string('[', JsonPayload.MaxDepth) + new string(']', JsonPayload.MaxDepth);

    [Fact]
    public async Task The_deepest_message_that_is_accepted_is_told()
    {
        Assert.True(JsonPayload.IsJson(System.Text.Encoding.UTF8.GetBytes(Deepest)));
        await using var world = new DeliveryWorld();
        world.Add("eve", ("a", Deepest), ("a", "1"));
        world.Start();
        await world.AdvanceUntilAsync(() => world.Told.Count == 2, "both are told");
        Assert.Equal([$"a {Deepest}", "a 1"], world.Lines);
    }

    [Fact]
    public async Task What_was_erased_is_not_told_whether_it_was_read_refused_or_waits()
    {
        await using var world = new DeliveryWorld();
        world.Answer = static events => Task.FromResult(events.Any(static one => DeliveryWorld.Line(one).EndsWith("\"poison\"", StringComparison.Ordinal)) ? Refused : DeliveryOutcome.Delivered);
        world.Add("", ("a", "\"poison\""), ("a", "1"), ("b", "\"poison\""), ("b", "2"));
        world.Start();
        await world.AdvanceUntilAsync(() => world.Requests > 4 && world.Delivery.Describe().Refused.Count >= 2, "both are refused");
        await world.Store.EraseAsync(new ErasedMessages("a", null, "next"), default);
        world.Answer = static _ => Task.FromResult(DeliveryOutcome.Delivered);
        await world.AdvanceUntilAsync(() => world.Told.Count == 2, "the others are told");
        Assert.Equal(["b \"poison\"", "b 2"], world.Lines);
        Assert.True(await world.Store.CountAsync(0) is { Events: 0, Trimmed: 0 });
    }

    [Fact]
    public async Task What_is_no_event_is_dropped_logged_and_counted_and_the_rest_is_told()
    {
        await using var world = new DeliveryWorld();
        world.Add("eve", ("a", "1"), ("a", "{nonsense"), ("a", "2"));
        world.Start();
        await world.AdvanceUntilAsync(() => world.Told.Count == 3, "what is left");
        Assert.Equal(["a 1", "a 2", "trimmed 1"], world.Lines.Order());
        Assert.Single(world.Log, static line => line.StartsWith("1 entries in the queue of receiver, the first at 2-0, are no events", StringComparison.Ordinal));
        await world.AdvanceUntilAsync(async () => await world.Store.CountAsync(0) is { Events: 0, Trimmed: 0 }, "nothing waits");
    }

    [Theory]
    [InlineData(50)]
    [InlineData(100)]
    [InlineData(350)]
    public async Task Each_event_is_told_or_counted_as_dropped_and_none_is_both(int room)
    {
        await using var world = new DeliveryWorld(new EventLimits(room, 1 << 20));
        var answer = new TaskCompletionSource<DeliveryOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Answer = _ => answer.Task;
        world.Add("", Channels("a", 150));
        world.Start();
        await world.AdvanceUntilAsync(() => world.Requests > 0, "a batch is under way");
        world.Add("", Channels("b", 350));
        await world.AdvanceUntilAsync(async () => (await world.Store.CountAsync(0)).Events == room, "the queue is full");
        await Task.Yield();
        world.Answer = static _ => Task.FromResult(DeliveryOutcome.Delivered);
        answer.SetResult(DeliveryOutcome.Delivered);
        await world.AdvanceUntilAsync(async () => await world.Store.CountAsync(0) is { Events: 0, Trimmed: 0 } && world.Delivery.Describe().UnderWay == 0, "nothing waits");
        var messages = world.Lines.Where(static line => !line.StartsWith("trimmed", StringComparison.Ordinal)).ToList();
        var dropped = world.Lines.Where(static line => line.StartsWith("trimmed", StringComparison.Ordinal)).Sum(static line => int.Parse(line[8..], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(messages.Count, messages.Distinct().Count());
        Assert.Equal(500, messages.Count + dropped);
        Assert.InRange(messages.Count, room, room + 400);
    }

    [Fact]
    public async Task What_was_dropped_while_the_receiver_was_away_is_held_by_nobody_and_not_told()
    {
        await using var world = new DeliveryWorld(new EventLimits(100, 1 << 20));
        world.Answer = static _ => Task.FromResult(new DeliveryOutcome(DeliveryResult.Away, "status 503"));
        world.Start();
        for (var i = 0; i < 20; i++)
        {
            world.Add("", Channels($"{i}", 50));
            await world.AdvanceUntilAsync(() => world.Delivery.Describe().UnderWay == 0, "it was asked");
            world.Time.Advance(TimeSpan.FromSeconds(2));
        }

        world.Answer = static _ => Task.FromResult(DeliveryOutcome.Delivered);
        await world.AdvanceUntilAsync(async () => await world.Store.CountAsync(0) is { Events: 0, Trimmed: 0 }, "nothing waits");
        Assert.Equal(100, world.Lines.Count(static line => !line.StartsWith("trimmed", StringComparison.Ordinal)));
        Assert.Equal(900, world.Lines.Where(static line => line.StartsWith("trimmed", StringComparison.Ordinal)).Sum(static line => int.Parse(line[8..], System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task What_waits_for_a_refused_event_is_left_in_the_queue_where_it_is_much_and_told_in_order_once_that_is_taken()
    {
        const int Many = DeliveryWindow.MostWaiting + 2_000;
        await using var world = new DeliveryWorld();
        var refuses = true;
        world.Answer = events => Task.FromResult(refuses && events.Any(static one => DeliveryWorld.Line(one) == "bad \"poison\"") ? Refused : DeliveryOutcome.Delivered);
        world.Add("", ("bad", "\"poison\""));
        world.Start();
        await world.AdvanceUntilAsync(() => world.Requests > 2, "it was refused");
        world.Add("", Enumerable.Range(0, Many).Select(static i => ("bad", $"{i}")));
        world.Add("bob", ("good", "1"));
        Assert.InRange(await world.AdvanceUntilAsync(() => world.Told.Count == 1, "bob is told of"), TimeSpan.Zero, TimeSpan.FromSeconds(6));
        Assert.Equal(["good 1"], world.Lines);
        refuses = false;
        await world.AdvanceUntilAsync(() => world.Told.Count == Many + 2, "all are told");
        Assert.Equal(["good 1", "bad \"poison\"", .. Enumerable.Range(0, Many).Select(static i => $"bad {i}")], world.Lines);
    }

    [Theory]
    [InlineData(60, "eve")]
    [InlineData(60, "")]
    [InlineData(1000, "eve")]
    [InlineData(1000, "")]
    public async Task However_many_messages_a_receiver_does_not_take_others_are_told_within_seconds(int poison, string user)
    {
        await using var world = new DeliveryWorld();
        world.Answer = static events => Task.FromResult(events.Any(static one => DeliveryWorld.Line(one).EndsWith("\"poison\"", StringComparison.Ordinal)) ? Refused : DeliveryOutcome.Delivered);
        world.Start();
        for (var i = 0; i < poison; i++)
        {
            world.Add(user, ($"p{i}", "\"poison\""));
            if (i % 10 == 9)
            {
                await world.AdvanceUntilAsync(() => world.Delivery.Describe().UnderWay == 0, "it was refused");
                world.Time.Advance(TimeSpan.FromSeconds(1));
            }
        }

        for (var turn = 0; turn < 5; turn++)
        {
            world.Add("bob", ($"bob{turn}", "1"), ($"bob{turn}", "2"));
            world.Add(user, ($"q{turn}", "\"poison\""));
            Assert.InRange(await world.AdvanceUntilAsync(() => world.Told.Count == 2 * (turn + 1), "bob is told of"), TimeSpan.Zero, TimeSpan.FromSeconds(20));
        }
    }

    [Fact]
    public async Task A_receiver_that_takes_nothing_is_asked_now_and_then_and_told_all_when_it_does()
    {
        await using var world = new DeliveryWorld();
        world.Answer = static _ => Task.FromResult(Refused);
        world.Add("", Channels("a", 1000));
        world.Start();
        var began = world.Time.GetTimestamp();
        await world.AdvanceUntilAsync(() => world.Time.GetElapsedTime(began) > TimeSpan.FromMinutes(1) || world.Requests > 3000, "a minute");
        Assert.InRange(world.Requests, 30, 2500);
        world.Answer = static _ => Task.FromResult(DeliveryOutcome.Delivered);
        await world.AdvanceUntilAsync(() => world.Told.Count == 1000, "all are told");
        Assert.Equal(1000, world.Lines.Distinct().Count());
    }

    private static IEnumerable<(string Channel, string Json)> Channels(string name, int count) => Enumerable.Range(0, count).Select(i => ($"{name}{i}", "1"));
}
