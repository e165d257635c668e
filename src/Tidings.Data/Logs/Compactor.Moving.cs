using System.Text;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Data.Segments;
using Tidings.Quotas;

namespace Tidings.Data.Logs;

/// <content>Writing what is wanted of a segment once more.</content>
internal sealed partial class Compactor
{
    private async Task MoveAsync(Segment segment)
    {
        var (ending, _) = SegmentReader.Read(segment, (in record, position, bytes) =>
        {
            if (record.Type is RecordType.Message or RecordType.Place && logs.TryGetValue(Encoding.UTF8.GetString(record.Channel), out var one))
            {
                lock (one.Recent)
                {
                    Move(one, segment, record, bytes);
                }
            }
        });

        if (ending == SegmentEnding.Damaged)
        {
            LogDamaged(segment.Path);
            LeaveDamaged(segment);
        }

        // The copies are on disk before the originals go.
        await journal.ConfirmAsync().ConfigureAwait(false);
        Remove(segment);
    }

    private void Move(DataLog one, Segment segment, in Record record, ReadOnlySpan<byte> bytes)
    {
        if (one.Recent.Dropped || one.Birth != record.Birth)
        {
            return;
        }

        var now = clock.Now;
        var keyUntil = !record.Key.IsEmpty && record.KeyUntil > now ? record.KeyUntil : 0;
        var (offset, stateKey) = (record.Offset, record.Change == StateChange.None ? null : Encoding.UTF8.GetString(record.StateKey));
        var change = stateKey is not null && !one.IsErased(offset) && one.State?.IsWanted(stateKey, record.Change, offset, segment) == true ? record.Change : StateChange.None;
        if (record.Type == RecordType.Message && one.Index.IsIn(segment, record.Offset) && record.Kept > one.Oldest(now))
        {
            var isErased = one.IsErased(record.Offset);
            var copy = isErased ? Anew(RecordType.Message, one, record, keyUntil, change, LogEntry.Removed) : change == record.Change ? bytes : Anew(RecordType.Message, one, record, keyUntil, change, record.Payload);
            var to = journal.Append(copy, one, record.Offset, isMessage: true, record.Kept, keyUntil, segment);
            if (record.IsDurable)
            {
                durable.Add(to, record.Sender, copy.Length);
            }

            Note(to);
            return;
        }

        if (record.Type == RecordType.Message && one.Index.IsIn(segment, record.Offset))
        {
            one.TrimBefore(record.Offset + 1);
        }

        if (keyUntil > 0 || change != StateChange.None || (record.Offset == one.Top && one.Home == segment))
        {
            var content = change == StateChange.Set ? record.Payload : default;
            Note(journal.Append(Anew(RecordType.Place, one, record, keyUntil, change, content), one, record.Offset, isMessage: false, record.Kept, keyUntil, segment));
        }

        void Note(Segment to)
        {
            if (change != StateChange.None)
            {
                one.State!.Move(stateKey!, change, offset, segment, to);
            }
        }
    }

    // Without what it did to the state, where that is past: a newer segment would have it count again.
    private static ReadOnlySpan<byte> Anew(RecordType type, DataLog one, in Record record, long keyUntil, StateChange change, ReadOnlySpan<byte> payload)
    {
        var (first, retention) = type == RecordType.Message ? (record.First, record.Retention) : (Math.Min(one.First, record.Offset + 1), one.Recent.Retention);
        var place = new RecordPlace(record.Birth, record.Offset, first, record.Kept, record.Time, retention, record.Sender)
        {
            Key = keyUntil > 0 ? Encoding.UTF8.GetString(record.Key) : null,
            KeyUntil = keyUntil,
            Change = change,
            StateKey = change == StateChange.None ? null : Encoding.UTF8.GetString(record.StateKey),
            IsDurable = record.IsDurable && type == RecordType.Message,
        };
        return Record.Of(type, place, one.Channel, payload, default);
    }

    private void LeaveDamaged(Segment segment)
    {
        File.Copy(segment.Path, segment.Path + ".damaged", overwrite: true);
        foreach (var one in logs.Values)
        {
            lock (one.Recent)
            {
                if (one.Index.Extents.LastOrDefault(extent => extent.Segment == segment) is { } extent)
                {
                    one.TrimBefore(extent.Last + 1);
                }

                SavePlace(one, segment);
                SaveState(one, segment);
            }
        }
    }

    // How far the log has come: its numbers are not given out once more.
    private void SavePlace(DataLog one, Segment segment)
    {
        if (one.Home == segment && one.Top > 0)
        {
            var place = new RecordPlace(one.Birth, one.Top, Math.Min(one.First, one.Top + 1), clock.Now, clock.Wall, one.Recent.Retention, Sender.Server);
            journal.Append(Record.Of(RecordType.Place, place, one.Channel, default, default), one, one.Top, isMessage: false, clock.Now, 0, segment);
        }
    }

    // Memory has the entries that could not be read. Removals are gone: what they keep from coming back goes with the segments that have it.
    private void SaveState(DataLog one, Segment segment)
    {
        if (one.State is not { } state || !state.Segments.Contains(segment))
        {
            return;
        }

        foreach (var older in state.Segments)
        {
            older.HoldsErased = true;
        }

        foreach (var (message, sender) in one.Recent.StateEntries())
        {
            if (state.IsWanted(message.Key!, StateChange.Set, message.Offset, segment))
            {
                var place = new RecordPlace(one.Birth, message.Offset, Math.Min(one.First, message.Offset + 1), clock.Now, message.Time, one.Recent.Retention, sender)
                {
                    Change = StateChange.Set,
                    StateKey = message.Key,
                };
                var said = Publication.Of(message);
                var to = journal.Append(Record.Of(RecordType.Place, place, one.Channel, LogEntry.EncodeLine(said), LogEntry.DataOf(said)), one, message.Offset, isMessage: false, clock.Now, 0, segment);
                state.Move(message.Key!, StateChange.Set, message.Offset, segment, to);
            }
        }
    }

    [LoggerMessage(821, LogLevel.Error, "{Path} is damaged: what could be read of it was moved, and a copy is kept beside it as .damaged")]
    private partial void LogDamaged(string path);
}
