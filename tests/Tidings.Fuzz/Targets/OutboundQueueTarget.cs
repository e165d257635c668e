using Tidings.Connections;

namespace Tidings.Fuzz.Targets;

/// <summary>The queue of frames to write, against a list of the same. Each byte of the input is a step: what to do, and with how much.</summary>
internal sealed class OutboundQueueTarget : FuzzTarget
{
    private byte _next;

    public override string Name => "outbound-queue";

    public override int AllocationBound => 2 * 1024 * 1024;

    public override int LongestInput => 1000;

    public override Outcome Run(ReadOnlySpan<byte> input)
    {
        var queue = default(OutboundQueue);
        var model = new List<byte[]>();
        var sent = 0;
        var path = new Fnv();
        var most = 0;
        foreach (var step in input)
        {
            var amount = step >> 3;
            switch (step & 7)
            {
                case 0 or 1 or 2:
                    var frame = Made(amount + 1);
                    queue.Enqueue(frame);
                    model.Add(frame);
                    break;
                case 3:
                    var control = Made(amount + 1);
                    queue.EnqueueControl(control);
                    model.Insert(sent > 0 && model.Count > 0 ? 1 : 0, control);
                    break;
                case 4 or 5:
                    Advance(ref queue, model, ref sent, amount);
                    break;
                case 6:
                    Advance(ref queue, model, ref sent, model.Sum(static waiting => waiting.Length) - sent);
                    break;
                case 7 when amount < 16:
                    queue.DropUnsent();
                    model.RemoveRange(sent > 0 ? 1 : 0, model.Count - (sent > 0 ? 1 : 0));
                    break;
                default:
                    queue.Clear();
                    model.Clear();
                    sent = 0;
                    break;
            }

            Check(in queue, model, sent);
            most = Math.Max(most, model.Count);
            path.Add((byte)Math.Min(model.Count, 40));
        }

        queue.Clear();
        Check(in queue, [], 0);
        return new Outcome(most switch { 0 => "empty", 1 => "one", <= 16 => "few", _ => "many" }, path.Value);
    }

    private static void Advance(ref OutboundQueue queue, List<byte[]> model, ref int sent, int bytes)
    {
        bytes = Math.Min(bytes, model.Sum(static frame => frame.Length) - sent);
        queue.Advance(bytes);
        for (sent += bytes; model.Count > 0 && sent >= model[0].Length;)
        {
            sent -= model[0].Length;
            model.RemoveAt(0);
        }
    }

    private static void Check(in OutboundQueue queue, List<byte[]> model, int sent)
    {
        Require(queue.Count == model.Count, "as many frames as went in and not out");
        Require(queue.Bytes == model.Sum(static frame => frame.Length) - sent, "as many bytes");
        for (var i = 0; i < model.Count; i++)
        {
            Require(ReferenceEquals(queue.Peek(i), model[i]), "the same frames in the same order");
        }

        if (model.Count > 0)
        {
            Require(queue.Head.SequenceEqual(model[0].AsSpan(sent)) && queue.HeadMemory.Length == queue.Head.Length, "the first begins where writing stopped");
        }
    }

    private byte[] Made(int length)
    {
        var frame = new byte[length];
        Array.Fill(frame, _next++);
        return frame;
    }
}
