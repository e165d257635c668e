using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Data.Segments;

namespace Tidings.Data.Logs;

/// <content>Writing an end behind what is full.</content>
internal sealed partial class Journal
{
    /// <summary>The segments to which nothing is written any more, not even an end.</summary>
    public IReadOnlyList<Segment> Ended
    {
        get
        {
            lock (_gate)
            {
                return [.. _segments.Where(segment => segment != _active && !_full.Contains(segment))];
            }
        }
    }

    /// <summary>Completes when the full segments whose records are on disk have their end.</summary>
    /// <exception cref="BrokerUnavailableException">The disk does not take it; whether it will is not known.</exception>
    public Task EndFullAsync()
    {
        lock (_gate)
        {
            return Wait_NeedsLock(_waitingForEnds);
        }
    }

    // Gives back the room of the segments that are full.
    private void EndFull()
    {
        List<Segment> full;
        List<TaskCompletionSource> waiting;
        lock (_gate)
        {
            full = _full.FindAll(static segment => segment.Confirmed == segment.End);
            (waiting, _waitingForEnds) = (_waitingForEnds, []);
        }

        foreach (var segment in full)
        {
            BeforeEnd?.Invoke(segment);
            Cut(segment, segment.End);
        }

        if (full.Count > 0)
        {
            lock (_gate)
            {
                _full.RemoveAll(full.Contains);
            }

            Filled?.Invoke();
        }

        CompleteAll(waiting, null);
    }

    private void Cut(Segment segment, int end)
    {
        if (!segment.TryPin())
        {
            return;
        }

        segment.End = end;
        try
        {
            segment.Close();
            _list.End(segment);
        }
        catch (IOException)
        {
            // Whatever is behind its end is in another segment, too.
            LogNotCut(segment.Path);
        }
        finally
        {
            segment.Unpin();
        }
    }

    [LoggerMessage(803, LogLevel.Warning, "The segment {Path} could not be ended; the next start reads it up to its last whole record")]
    private partial void LogNotCut(string path);
}
