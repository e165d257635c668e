using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Data.Files;
using Tidings.Data.Segments;

namespace Tidings.Data.Logs;

/// <summary>Writes records, one after the other, into the newest segment. When an append returns, the operating system has the record; a thread of the journal's own
/// has all that was appended meanwhile on disk, in groups. Safe from any thread.</summary>
/// <remarks>The order of locks is log, journal. Nothing waits for the disk under either.</remarks>
internal sealed partial class Journal : IDisposable
{
    /// <summary>The smallest segment, and the first one.</summary>
    public const int SmallestSegment = 1 << 20;

    private const string Ending = "The server ends: nothing more is written to the data directory.";
    private const int FirstSegment = 4 << 20;
    private const int LargestSegment = 64 << 20;

    // What a disk that does not answer may leave in memory.
    private const long MostUnconfirmed = 64 << 20;

    private readonly Lock _gate = new();
    private readonly DataLayout _layout;
    private readonly SegmentList _list;
    private readonly Func<byte[]> _marks;
    private readonly JournalMetrics _metrics;
    private readonly ILogger _log;
    private readonly Thread _committer;
    private readonly AutoResetEvent _wake = new(false);
    private readonly List<Segment> _segments;
    private Segment _active;
    private readonly List<Segment> _full = [];
    private Segment? _spare;
    private long _number;
    private readonly RecordChunks _chunks = new();
    private List<Unconfirmed> _unconfirmed = [];
    private List<Unconfirmed> _emptied = [];
    private long _unconfirmedBytes;
    private List<TaskCompletionSource> _waiting = [];
    private List<TaskCompletionSource> _waitingForEnds = [];
    private string? _fault;
    private bool _isUrgent;
    private bool _isAwake;
    private bool _stopping;
    private bool _hasEnded;

    /// <param name="layout">The directory.</param>
    /// <param name="list">Notes which segments there are.</param>
    /// <param name="segments">The segments that are there, in order.</param>
    /// <param name="marks">What each new segment begins with, so that former ones need not be kept for it.</param>
    /// <param name="metrics">What is counted.</param>
    /// <param name="log">Where it logs.</param>
    /// <exception cref="IOException">There is no room for a segment, or the directory cannot be written.</exception>
    public Journal(DataLayout layout, SegmentList list, IReadOnlyList<Segment> segments, Func<byte[]> marks, JournalMetrics metrics, ILogger log)
    {
        (_layout, _list, _marks, _metrics, _log) = (layout, list, marks, metrics, log);
        _segments = [.. segments];
        _number = segments.Count == 0 ? 0 : segments[^1].Number;
        if (segments is [.., { IsOpen: true } last])
        {
            _active = last;
        }
        else
        {
            _segments.Add(_active = Create(FirstSegment));
            WriteMarks(_active);
        }

        _full.AddRange(_segments.Where(segment => segment.IsOpen && segment != _active));

        _committer = new Thread(Commit) { IsBackground = true, Name = "Tidings journal" };
        _committer.UnsafeStart();
    }

    /// <summary>Called on the journal's thread when a segment is full.</summary>
    public Action? Filled { get; set; }

    /// <summary>Called before each sync of a segment: tests have it fail.</summary>
    internal Action<Segment>? BeforeSync { get; set; }

    /// <summary>Called before the end of a full segment is written: tests have it wait.</summary>
    internal Action<Segment>? BeforeEnd { get; set; }

    /// <summary>Why nothing can be written now; null where it can.</summary>
    public string? Fault => Volatile.Read(ref _fault);

    /// <summary>The segments, in order; the last is the one that is written.</summary>
    public IReadOnlyList<Segment> Segments
    {
        get
        {
            lock (_gate)
            {
                return [.. _segments];
            }
        }
    }

    /// <summary>Writes a record of a log. Under the log's lock.</summary>
    /// <param name="record">The record.</param>
    /// <param name="log">Whose it is.</param>
    /// <param name="offset">Its offset.</param>
    /// <param name="isMessage">Whether it is a message, whose place the log's index is told.</param>
    /// <param name="kept">When it was kept.</param>
    /// <param name="keyUntil">Until when its idempotency key is remembered; 0 where there is none.</param>
    /// <param name="movedFrom">Where it was before; null where it is new.</param>
    /// <returns>Where it is.</returns>
    /// <exception cref="BrokerUnavailableException">It was not written.</exception>
    public Segment Append(ReadOnlySpan<byte> record, DataLog log, long offset, bool isMessage, long kept, long keyUntil, Segment? movedFrom = null)
    {
        lock (_gate)
        {
            var (segment, position) = Reserve_NeedsLock(record.Length);
            var back = isMessage ? log.Index.BackFor(segment, offset, position) : 0;
            var written = Write_NeedsLock(segment, position, record, back);
            if (movedFrom is not null && isMessage)
            {
                log.Index.Move(offset, movedFrom, segment, position, kept);
            }
            else if (isMessage)
            {
                log.Index.Add(segment, position, offset, kept);
            }

            if (movedFrom is null || offset == log.Top)
            {
                log.Home = segment;
            }

            segment.KeysUntil = Math.Max(segment.KeysUntil, keyUntil);
            Note_NeedsLock(new Unconfirmed(segment, position, written.Record, written.Chunk, log, offset, isMessage, kept));
            return segment;
        }
    }

    /// <summary>Writes that a log was forgotten. Under the log's lock.</summary>
    /// <exception cref="BrokerUnavailableException">It was not written.</exception>
    public void AppendForgotten(DataLog log) => Append(Record.Forget(log.Channel, log.Birth));

    /// <summary>Writes that a message was erased, or with the offset 0 a whole log. Under the log's lock.</summary>
    /// <exception cref="BrokerUnavailableException">It was not written.</exception>
    public void AppendErased(DataLog log, long offset) => Append(Record.Erase(log.Channel, log.Birth, offset));

    /// <summary>Ends the newest segment where it holds what was erased, so that it can be written anew once <see cref="Filled"/> was called.</summary>
    /// <returns>Whether it does.</returns>
    /// <exception cref="BrokerUnavailableException">There is no room for another one.</exception>
    public bool TryRollErased()
    {
        lock (_gate)
        {
            var rolls = _active.HoldsErased && _fault is null && !_stopping;
            if (rolls)
            {
                Roll_NeedsLock(0);
            }

            return rolls;
        }
    }

    private void Append(RecordBytes record)
    {
        lock (_gate)
        {
            var (segment, position) = Reserve_NeedsLock(record.Length);
            var written = Write_NeedsLock(segment, position, record.Span, 0);
            Note_NeedsLock(new Unconfirmed(segment, position, written.Record, written.Chunk, null, 0, IsMessage: false, 0));
        }
    }

    /// <summary>Completes when all that was appended before the call is on disk.</summary>
    /// <exception cref="BrokerUnavailableException">The disk did not take it; whether it will is not known.</exception>
    public Task ConfirmAsync()
    {
        lock (_gate)
        {
            return Wait_NeedsLock(_waiting);
        }
    }

    private Task Wait_NeedsLock(List<TaskCompletionSource> all)
    {
        if ((_hasEnded ? Ending : _fault) is { } fault)
        {
            throw new BrokerUnavailableException(fault);
        }

        var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        all.Add(waiting);
        Wake_NeedsLock(urgent: true);
        return waiting.Task;
    }

    /// <summary>Takes a segment away whose records are all elsewhere, or worth nothing any more.</summary>
    /// <exception cref="IOException">It cannot be noted, or not be deleted.</exception>
    public void Remove(Segment segment)
    {
        _list.Remove(segment);
        lock (_gate)
        {
            _segments.Remove(segment);
        }

        segment.IsGone = true;
        segment.Unpin();
        File.Delete(segment.Path);
        Unix.SyncDirectory(_layout.Logs);
    }

    /// <summary>Writes what is left, has it on disk, and ends the newest segment.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Wake_NeedsLock(urgent: true);
        }

        _committer.Join();
        _wake.Dispose();
    }
}
