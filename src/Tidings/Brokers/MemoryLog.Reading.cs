using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Brokers;

/// <content>Reading.</content>
internal sealed partial class MemoryLog
{
    /// <summary>What is read of a log that is absent.</summary>
    /// <param name="channel">Its name.</param>
    /// <param name="epoch">The epoch that its first message will have.</param>
    /// <param name="request">What is wanted.</param>
    public static HistoryPart ReadAbsent(string channel, string epoch, HistoryRequest request)
    {
        var top = new StreamPosition(epoch, 0);
        var recovered = request.Before is { } before ? before.Epoch == epoch : request.Since is not { } since || since == top;
        return new HistoryPart(top, recovered, []) { State = request.State ? StatePart.Cut(channel, []) : [] };
    }

    public HistoryPart Read(HistoryRequest request, long now) => ReadMessages(request, now) with { State = request.State ? ReadState() : [] };

    private HistoryPart ReadMessages(HistoryRequest request, long now)
    {
        Trim(now);
        var top = new StreamPosition(Epoch, Top);
        long after;
        if (request.Before is { } before)
        {
            return ReadBefore(before, request.Limit ?? int.MaxValue);
        }

        if (request.Since is { } since)
        {
            if (since.Epoch != Epoch || since.Offset > Top || since.Offset < Top - _count)
            {
                return new HistoryPart(top, Recovered: false, []);
            }

            after = since.Offset;
        }
        else
        {
            after = Math.Max(Top - request.Last, Top - _count);
        }

        return new HistoryPart(top, Recovered: true, Take(after, Math.Min(Top - after, request.Limit ?? int.MaxValue)));
    }

    /// <summary>The channel's state.</summary>
    public IReadOnlyList<Message> ReadState() => (_state ??= new KeyedState(channel, CloseIfEmpty)).Read();

    private HistoryPart ReadBefore(StreamPosition before, int limit)
    {
        var top = new StreamPosition(Epoch, Top);
        var oldest = Top - _count + 1;
        var last = Math.Min(before.Offset - 1, Top);
        if (before.Epoch != Epoch || (last > 0 && last < oldest))
        {
            return new HistoryPart(top, Recovered: false, []);
        }

        var count = Math.Clamp(last - oldest + 1, 0, limit);
        return new HistoryPart(top, Recovered: true, Take(last - count, count));
    }

    // So many messages after an offset; all of them are there.
    private Message[] Take(long after, long count)
    {
        var messages = new Message[count];
        for (var i = 0; i < count; i++)
        {
            messages[i] = At((int)(after - (Top - _count)) + i);
        }

        return messages;
    }
}
