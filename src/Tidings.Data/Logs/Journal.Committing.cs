using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Data.Segments;

namespace Tidings.Data.Logs;

/// <content>What the journal's own thread does.</content>
internal sealed partial class Journal
{
    // With what a sync takes it is on disk within 50 ms.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private long _spareTriedAt;

    private void Commit()
    {
        while (true)
        {
            _wake.WaitOne();
            if (!Volatile.Read(ref _isUrgent))
            {
                _wake.WaitOne(LongestWait);
            }

            try
            {
                CommitGroup();
                PrepareSpare();
            }
#pragma warning disable CA1031 // Nobody else would be told, and publishers would wait for ever.
            catch (Exception error)
#pragma warning restore CA1031
            {
                Stop(error);
                return;
            }

            lock (_gate)
            {
                if (_stopping && (_unconfirmed.Count == 0 || _fault is not null))
                {
                    break;
                }

                if (_unconfirmed.Count > 0 || _waiting.Count > 0 || _waitingForEnds.Count > 0 || _stopping)
                {
                    _wake.Set();
                }
                else
                {
                    _isAwake = false;
                }
            }
        }

        End();
    }

    // What must not happen: no more is written, and everybody is told.
    private void Stop(Exception error)
    {
        LogStopped(error, _layout.Root);
        lock (_gate)
        {
            Volatile.Write(ref _fault, Full(error));
            CompleteAll(_waiting, _fault);
            CompleteAll(_waitingForEnds, _fault);
        }
    }

    private void CommitGroup()
    {
        List<Unconfirmed> group;
        List<TaskCompletionSource> waiting;
        lock (_gate)
        {
            (group, _unconfirmed, _emptied) = (_unconfirmed, _emptied, []);
            (waiting, _waiting) = (_waiting, []);
            _isUrgent = false;
        }

        var began = _metrics.Begin();
        try
        {
            Sync(group);
            _metrics.Committed(began, group.Count);
            lock (_gate)
            {
                Release_NeedsLock(group);
                if (_fault is null)
                {
                    CompleteAll(waiting, null);
                    return;
                }
            }
        }
        catch (IOException error)
        {
            LogFailed(Full(error));
            lock (_gate)
            {
                Volatile.Write(ref _fault, Full(error));

                // What came meanwhile is in the same file, and counts as little.
                group.AddRange(_unconfirmed);
                _unconfirmed = [];
                waiting.AddRange(_waiting);
                _waiting = [];
            }

            CompleteAll(waiting, Fault);
            Recover(group);
            return;
        }

        // A write failed, and what was written before it is on disk: the next segment goes on.
        LogFailed(Fault!);
        CompleteAll(waiting, null);
        Recover([]);
    }

    private void Sync(List<Unconfirmed> group)
    {
        Segment? segment = null;
        foreach (var record in group)
        {
            if (record.Segment != segment)
            {
                segment = record.Segment;
                if (segment.TryPin())
                {
                    SyncPinned(segment);
                }
            }
        }
    }

    private void SyncPinned(Segment segment)
    {
        try
        {
            var end = segment.End;
            BeforeSync?.Invoke(segment);
            segment.Sync();
            segment.Confirmed = end;
        }
        finally
        {
            segment.Unpin();
        }
    }

    // Has the next segment ready before it is needed.
    private void PrepareSpare()
    {
        EndFull();
        bool wanted;
        lock (_gate)
        {
            wanted = _spare is null && !_stopping && _fault is null && _active.End > _active.Capacity / 2 && _metrics.Since(_spareTriedAt) >= RetryInterval;
        }

        if (!wanted)
        {
            return;
        }

        try
        {
            var spare = Create(Math.Clamp(2 * Math.Min(_active.Capacity, LargestSegment), FirstSegment, LargestSegment));
            lock (_gate)
            {
                _spare = spare;
                if (_active.Number > spare.Number)
                {
                    DropSpare_NeedsLock();
                }
            }
        }
        catch (IOException)
        {
            // By the next attempt there may be room.
            _spareTriedAt = _metrics.Begin();
        }
    }

    private void End()
    {
        lock (_gate)
        {
            _hasEnded = true;
            CompleteAll(_waiting, Ending);
            CompleteAll(_waitingForEnds, Ending);
        }

        if (_fault is null)
        {
            try
            {
                _active.Close();
                _active.Confirmed = _active.End;
                _list.End(_active);
            }
            catch (IOException)
            {
                LogNotCut(_active.Path);
            }
        }

        lock (_gate)
        {
            DropSpare_NeedsLock();
        }
    }

    private static void CompleteAll(List<TaskCompletionSource> waiting, string? fault)
    {
        if (waiting.Count > 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static group =>
                {
                    foreach (var one in group.waiting)
                    {
                        if (group.fault is null)
                        {
                            one.TrySetResult();
                        }
                        else
                        {
                            one.TrySetException(new BrokerUnavailableException(group.fault));
                        }
                    }
                },
                (waiting, fault),
                preferLocal: false);
        }
    }

    [LoggerMessage(801, LogLevel.Error, "{Fault} Publishing answers \"unavailable\" until it can be written again, which is tried every second; reading goes on")]
    private partial void LogFailed(string fault);

    [LoggerMessage(804, LogLevel.Critical, "Nothing more is written to the data directory {Directory}: restart the server, and report this")]
    private partial void LogStopped(Exception error, string directory);
}
