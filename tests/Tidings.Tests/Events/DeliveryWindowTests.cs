using System.Text;
using Tidings.Events;

namespace Tidings.Tests.Events;

/// <summary>What may be told beside what is under way or was refused.</summary>
public sealed class DeliveryWindowTests
{
    private readonly DeliveryWindow _window = new();
    private long _places;

    [Fact]
    public void A_batch_is_bounded_in_events_and_bytes()
    {
        _window.Add(Enumerable.Range(0, 150).Select(i => Event($"c{i}")));
        _window.Add(Enumerable.Range(0, 3).Select(i => Event($"d{i}", size: 700_000)));
        Assert.Equal([100, 51, 1, 1], Enumerable.Range(0, 4).Select(_ => _window.TakeNew(null, 0)!.Events.Count));
        Assert.Null(_window.TakeNew(null, 0));
    }

    [Fact]
    public void What_comes_after_something_of_the_same_channel_or_user_waits_for_it_by_whatever_way()
    {
        _window.Add([Event("a", "u")]);
        var first = _window.TakeNew(null, 0)!;

        // b waits for user u, and c for channel b, though nothing under way is about c.
        _window.Add([Event("b", "u"), Event("c", "v"), Event("b", "w"), Event("c", "w"), Event("d")]);
        Assert.Equal(["c", "d"], Channels(_window.TakeNew(null, 0)!));
        Assert.Null(_window.TakeNew(null, 0));
        _window.Remove(first);
        Assert.Equal(["b", "b"], Channels(_window.TakeNew(null, 0)!));
        Assert.Null(_window.TakeNew(null, 0));
    }

    [Fact]
    public void Parts_of_a_batch_keep_the_order_of_what_they_have_in_common()
    {
        _window.Add([Event("a"), Event("a"), Event("a"), Event("a")]);
        var whole = _window.TakeNew(null, 0)!;
        var parts = DeliverySplit.Of(whole.Events).Select(part => new DeliveryBatch(whole.Origin, part)).ToList();
        Assert.Equal([2, 2], parts.Select(static part => part.Events.Count));
        _window.Replace(whole, parts);
        Assert.Same(parts[0], _window.TakeDue(1));
        Assert.Null(_window.TakeDue(1));
        _window.Remove(parts[0]);
        Assert.Same(parts[1], _window.TakeDue(1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Whatever_fails_each_channel_and_each_user_is_told_in_order_and_everything_once(int seed)
    {
        var random = new Random(seed);
        var all = Enumerable.Range(0, 600).Select(_ => Event($"c{random.Next(20)}", random.Next(3) == 0 ? $"u{random.Next(20)}" : null)).ToList();
        _window.Add(all);
        List<DeliveryBatch> underWay = [];
        List<QueuedEvent> told = [];
        while (told.Count < all.Count)
        {
            if (random.Next(2) == 0 && (random.Next(2) == 0 ? _window.TakeDue(1) : _window.TakeNew(null, 0)) is { } taken)
            {
                underWay.Add(taken);
            }
            else if (underWay.Count > 0)
            {
                var batch = underWay[random.Next(underWay.Count)];
                underWay.Remove(batch);
                if (random.Next(3) > 0)
                {
                    told.AddRange(batch.Events);
                    _window.Remove(batch);
                }
                else
                {
                    _window.Replace(batch, DeliverySplit.Of(batch.Events).Select(part => new DeliveryBatch(batch.Origin, part)).ToList());
                }
            }
        }

        Assert.Equal(all.Count, told.Distinct().Count());
        foreach (var key in all.SelectMany(static one => one.Keys).Distinct())
        {
            Assert.Equal(all.Where(one => one.Keys.Contains(key)).Select(static one => one.Id), told.Where(one => one.Keys.Contains(key)).Select(static one => one.Id));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void What_is_left_in_the_queue_and_read_again_is_told_in_order_and_once(int seed)
    {
        var random = new Random(seed);
        var queue = new EventQueue(long.MaxValue, long.MaxValue);
        for (var i = 0; i < 600; i++)
        {
            queue.Add(Event($"c{random.Next(20)}", random.Next(3) == 0 ? $"u{random.Next(20)}" : null).Json.ToArray());
        }

        var all = EventPage.Of(queue, default, 600).Events;
        List<DeliveryBatch> underWay = [];
        List<QueuedEvent> told = [];
        while (told.Count < all.Count)
        {
            switch (random.Next(6))
            {
                case 0:
                    _window.Add(EventPage.Of(queue, _window.Read, random.Next(1, 100)));
                    break;
                case 1 when random.Next(3) == 0:
                    _window.MakeRoom(random.Next(2) == 0 ? null : one => one.Source[^1] != '1');
                    break;
                case 1 when _window.HasLeft && random.Next(3) == 0:
                    _window.TakeUp();
                    break;
                case 2 when _window.Batches.FirstOrDefault(static batch => batch is { IsRefused: true, IsUnderWay: false }) is { } refused && random.Next(3) == 0:
                    _window.Leave(refused);
                    break;
                case 3 when (random.Next(2) == 0 ? _window.TakeDue(1) : _window.TakeNew(null, 0)) is { } taken:
                    underWay.Add(taken);
                    break;
                case > 3 when underWay.Count > 0:
                    var batch = underWay[random.Next(underWay.Count)];
                    underWay.Remove(batch);
                    if (random.Next(3) > 0)
                    {
                        told.AddRange(batch.Events);
                        queue.Remove(batch.Events, 0);
                        _window.Remove(batch);
                    }
                    else
                    {
                        _window.Replace(batch, [.. DeliverySplit.Of(batch.Events).Select(part => new DeliveryBatch(batch.Origin, part) { Failures = batch.Failures + 1 })]);
                    }

                    break;
            }
        }

        Assert.Equal(all.Count, told.Select(static one => one.Place).Distinct().Count());
        foreach (var key in all.SelectMany(static one => one.Keys).Distinct())
        {
            Assert.Equal(all.Where(one => one.Keys.Contains(key)).Select(static one => one.Place), told.Where(one => one.Keys.Contains(key)).Select(static one => one.Place));
        }
    }

    private static IEnumerable<string> Channels(DeliveryBatch batch) => batch.Events.Select(static one => one.Keys[0][1..]);

    private QueuedEvent Event(string channel, string? user = null, int size = 0) => QueuedEvent.Read(
        new EventPlace(++_places),
        Encoding.UTF8.GetBytes($$"""{"id":"{{_places}}","type":"member.joined","channel":"{{channel}}"{{(user is null ? "" : $",\"user\":\"{user}\"")}},"data":"{{new string('x', size)}}","time":1}"""))!;
}
