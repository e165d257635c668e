using System.Text;
using Microsoft.Extensions.Logging;
using Tidings.Data.Segments;

namespace Tidings.Data.Logs;

/// <content>Going on after a disk has failed or was full.</content>
internal sealed partial class Journal
{
    // Nothing of a file counts as written whose sync has failed, as the system may have dropped it: what memory has goes to a new segment, the old one is cut where it is known to be whole.
    private void Recover(List<Unconfirmed> group)
    {
        lock (_gate)
        {
            DropSpare_NeedsLock();
            CompleteAll(_waitingForEnds, _fault);
            _waitingForEnds = [];
        }

        while (true)
        {
            try
            {
                MoveTo(group, out var next);
                foreach (var segment in group.Select(static record => record.Segment).Append(_active).Where(segment => segment != next).Distinct())
                {
                    Cut(segment, group.Exists(record => record.Segment == segment) ? segment.Confirmed : segment.End);
                }

                lock (_gate)
                {
                    _active = next;
                    Volatile.Write(ref _fault, null);
                    Release_NeedsLock(group);
                }

                LogBack(_layout.Root);
                return;
            }
            catch (IOException)
            {
                for (var waited = TimeSpan.Zero; waited < RetryInterval; waited += LongestWait)
                {
                    Thread.Sleep(LongestWait);
                    lock (_gate)
                    {
                        if (_stopping)
                        {
                            return;
                        }
                    }
                }
            }
        }
    }

    private void MoveTo(List<Unconfirmed> group, out Segment next)
    {
        next = Create((int)Math.Clamp(group.Sum(static record => (long)record.Record.Length) + Segment.HeaderLength, FirstSegment, int.MaxValue));
        try
        {
            WriteMarks(next);
            foreach (var record in group)
            {
                if (record.Log is not { } log)
                {
                    Write(next, record.Record, 0);
                    continue;
                }

                lock (log.Recent)
                {
                    var back = record.IsMessage ? log.Index.BackFor(next, record.Offset, next.End) : 0;
                    var position = Write(next, record.Record, back);
                    if (record.IsMessage)
                    {
                        log.Index.Move(record.Offset, record.Segment, next, position, record.Kept);
                    }

                    if (record.Offset == log.Top)
                    {
                        log.Home = next;
                    }

                    if (log.State is { } state && Record.TryRead(record.Record.Span, out var read) && read.Change != StateChange.None)
                    {
                        state.Rewrite(Encoding.UTF8.GetString(read.StateKey), read.Change, record.Offset, next);
                    }

                    next.HoldsErased |= record.Segment.HoldsErased;
                    next.KeysUntil = Math.Max(next.KeysUntil, record.Segment.KeysUntil);
                }
            }

            BeforeSync?.Invoke(next);
            next.Sync();
            next.Confirmed = next.End;
        }
        catch (IOException)
        {
            // Memory has all of it still: the next attempt begins anew, from wherever the index is now.
            for (var i = 0; i < group.Count; i++)
            {
                group[i] = group[i] with { Segment = group[i].Log is { } log && log.Index.IsIn(next, group[i].Offset) ? next : group[i].Segment };
            }

            lock (_gate)
            {
                _segments.Add(next);
            }

            throw;
        }

        lock (_gate)
        {
            _segments.Add(next);
        }
    }

    private static int Write(Segment segment, RecordBytes record, int back)
    {
        var position = segment.End;
        Record.Seal(record.Span, segment.Number, position, back);
        segment.Write(record.Span, position);
        segment.End = position + record.Length;
        segment.Records++;
        return position;
    }

    [LoggerMessage(802, LogLevel.Warning, "The data directory {Directory} can be written again")]
    private partial void LogBack(string directory);
}
