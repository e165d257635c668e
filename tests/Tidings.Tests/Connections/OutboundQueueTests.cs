using TestKit;
using Tidings.Connections;

namespace Tidings.Tests.Connections;

public sealed class OutboundQueueTests
{
    [Fact]
    public void An_empty_queue_holds_nothing()
    {
        var queue = default(OutboundQueue);
        Assert.Equal((0, 0), (queue.Count, queue.Bytes));
        queue.DropUnsent();
        queue.Clear();
        Assert.Equal((0, 0), (queue.Count, queue.Bytes));
    }

    [Fact]
    public void A_control_frame_goes_before_what_is_not_begun_and_behind_what_is()
    {
        var queue = default(OutboundQueue);
        queue.Enqueue([1, 1, 1]);
        queue.Enqueue([2]);
        queue.Advance(1);
        queue.EnqueueControl([9]);
        Assert.Equal([1, 1, 9, 2], Drain(ref queue));

        queue.Enqueue([1, 1, 1]);
        queue.Enqueue([2]);
        queue.EnqueueControl([9]);
        Assert.Equal([9, 1, 1, 1, 2], Drain(ref queue));
    }

    [Fact]
    public void Dropping_keeps_the_rest_of_a_frame_that_has_begun()
    {
        var queue = default(OutboundQueue);
        queue.Enqueue([1, 2, 3]);
        queue.Enqueue([4]);
        queue.Enqueue([5]);
        queue.Advance(2);
        queue.DropUnsent();
        Assert.Equal((1, 1), (queue.Count, queue.Bytes));
        queue.Enqueue([8]);
        Assert.Equal([3, 8], Drain(ref queue));
    }

    [Fact]
    public void Dropping_takes_all_where_nothing_has_begun()
    {
        var queue = default(OutboundQueue);
        queue.Enqueue([1, 2, 3]);
        queue.Enqueue([4]);
        queue.Advance(3);
        queue.DropUnsent();
        Assert.Equal((0, 0), (queue.Count, queue.Bytes));
    }

    [Fact]
    public void It_does_what_a_list_of_frames_does() => Seeds.Each(300, random =>
    {
        var queue = default(OutboundQueue);
        var model = new List<byte[]>();
        var sent = 0;
        byte next = 0;
        for (var step = 0; step < 400; step++)
        {
            var frame = Enumerable.Repeat(++next, random.Next(1, 6)).ToArray();
            switch (random.Next(10))
            {
                case < 4:
                    queue.Enqueue(frame);
                    model.Add(frame);
                    break;
                case 4:
                    queue.EnqueueControl(frame);
                    model.Insert(sent > 0 ? 1 : 0, frame);
                    break;
                case 5 when random.Next(8) == 0:
                    queue.DropUnsent();
                    model.RemoveRange(sent > 0 ? 1 : 0, model.Count - (sent > 0 ? 1 : 0));
                    break;
                case > 5 when model.Count > 0:
                    var bytes = random.Next(1, model.Sum(item => item.Length) - sent + 1);
                    queue.Advance(bytes);
                    for (sent += bytes; model.Count > 0 && sent >= model[0].Length; model.RemoveAt(0))
                    {
                        sent -= model[0].Length;
                    }

                    break;
            }

            Assert.Equal(model.Count, queue.Count);
            Assert.Equal(model.Sum(item => item.Length) - sent, queue.Bytes);
            if (model.Count > 0)
            {
                Assert.Equal(model[0][sent..], queue.Head.ToArray());
                Assert.Equal(model[0][sent..], queue.HeadMemory.ToArray());
                Assert.Same(model[^1], queue.Peek(model.Count - 1));
            }
        }

        Assert.Equal(model.SelectMany(item => item).Skip(sent), Drain(ref queue));
    });

    private static List<byte> Drain(ref OutboundQueue queue)
    {
        var drained = new List<byte>();
        while (queue.Count > 0)
        {
            drained.Add(queue.Head[0]);
            queue.Advance(1);
        }

        Assert.Equal(0, queue.Bytes);
        return drained;
    }
}
