using Tidings.Brokers;
using Tidings.Data.Segments;

namespace Tidings.Data.Logs;

/// <content>Writing into the newest segment, and into the next one. Under the journal's lock.</content>
internal sealed partial class Journal
{
    private (Segment Segment, int Position) Reserve_NeedsLock(int length)
    {
        if (_fault is { } fault)
        {
            throw new BrokerUnavailableException(fault);
        }

        if (_stopping)
        {
            throw new BrokerUnavailableException(Ending);
        }

        if (_unconfirmedBytes > MostUnconfirmed)
        {
            throw new BrokerUnavailableException($"The disk under {_layout.Root} does not keep up: {_unconfirmedBytes >> 20} MB wait to be written.");
        }

        if (_active.End + length > _active.Capacity)
        {
            Roll_NeedsLock(length);
        }

        return (_active, _active.End);
    }

    private void Roll_NeedsLock(int length)
    {
        var next = _spare is { } spare && Segment.HeaderLength + length <= spare.Capacity ? spare : null;
        try
        {
            if (next is null)
            {
                DropSpare_NeedsLock();
                next = Create(Math.Max(_active.Capacity, Segment.HeaderLength + length));
            }

            WriteMarks(next);
        }
        catch (IOException error)
        {
            throw Fail_NeedsLock(error);
        }

        _spare = null;
        _full.Add(_active);
        _segments.Add(next);
        _active = next;
        Wake_NeedsLock(urgent: false);
    }

    private BrokerUnavailableException Fail_NeedsLock(IOException error)
    {
        var fault = Full(error);
        Volatile.Write(ref _fault, fault);
        Wake_NeedsLock(urgent: true);
        return new BrokerUnavailableException(fault, error);
    }

    // Segments are used in the order of their numbers.
    private void DropSpare_NeedsLock()
    {
        if (_spare is { } spare)
        {
            _spare = null;
            try
            {
                _list.Remove(spare);
                File.Delete(spare.Path);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // An empty one does no harm, and goes with the next start.
                LogNotCut(spare.Path);
            }

            spare.Unpin();
        }
    }

    private (RecordBytes Record, RecordChunk? Chunk) Write_NeedsLock(Segment segment, int position, ReadOnlySpan<byte> record, int back)
    {
        var written = _chunks.Add(record);
        var bytes = written.Record.Span;
        Record.Seal(bytes, segment.Number, position, back);
        try
        {
            segment.Write(bytes, position);
        }
        catch (IOException error)
        {
            // What may be there of it is no record, and an end is written over it.
            if (written.Chunk is { } chunk)
            {
                _chunks.Release(chunk, 1);
            }

            throw Fail_NeedsLock(error);
        }

        segment.End = position + bytes.Length;
        segment.Records++;
        return written;
    }

    private void Note_NeedsLock(Unconfirmed record)
    {
        _unconfirmed.Add(record);
        _unconfirmedBytes += record.Record.Length;
        _metrics.Written(record.Record.Length);
        Wake_NeedsLock(urgent: false);
    }

    private void WriteMarks(Segment segment)
    {
        if (_marks() is { Length: > 0 } marks)
        {
            var record = Record.Of(RecordType.Marks, marks);
            if (segment.End + record.Length < segment.Capacity / 2)
            {
                Record.Seal(record.Span, segment.Number, segment.End, 0);
                segment.Write(record.Span, segment.End);
                segment.End += record.Length;
            }
        }
    }

    private void Release_NeedsLock(List<Unconfirmed> group)
    {
        RecordChunk? chunk = null;
        var count = 0;
        foreach (var record in group)
        {
            _unconfirmedBytes -= record.Record.Length;
            if (record.Chunk != chunk)
            {
                ReleaseChunk(chunk, count);
                (chunk, count) = (record.Chunk, 0);
            }

            count++;
        }

        ReleaseChunk(chunk, count);
        group.Clear();
        _emptied = group;

        void ReleaseChunk(RecordChunk? one, int records)
        {
            if (one is not null)
            {
                _chunks.Release(one, records);
            }
        }
    }

    // One wake-up a group: the journal's thread is told of the first record after it has begun to wait, and of the first whose publisher waits.
    private void Wake_NeedsLock(bool urgent)
    {
        if (!_isAwake || (urgent && !_isUrgent))
        {
            _isAwake = true;
            _isUrgent |= urgent;
            _wake.Set();
        }
    }

    private Segment Create(int capacity)
    {
        var number = Interlocked.Increment(ref _number);
        while (true)
        {
            try
            {
                return Segment.Create(_layout, _list, number, capacity);
            }
            catch (IOException) when (capacity / 4 >= SmallestSegment)
            {
                // On a small disk a smaller one is enough.
                capacity /= 4;
            }
        }
    }

    private string Full(Exception error) => $"The data directory {_layout.Root} cannot be written: {error.Message.TrimEnd('.')}.";
}
