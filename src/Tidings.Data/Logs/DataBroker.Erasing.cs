using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Data.Logs;

/// <content>Erasing: a record says at once that a message is not to be shown again; within a minute the segments that hold its bytes are written anew without them.</content>
internal sealed partial class DataBroker
{
    // Erasures that come one after the other cost their segments one rewriting.
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(10);

    private int _isPurging;

    public async ValueTask<int> EraseAsync(string channel, StreamPosition? position, CancellationToken cancellationToken = default)
    {
        // Of a place whose message was erased before a restart its content alone tells.
        var message = position is { } wanted ? await FindAsync(channel, wanted, cancellationToken).ConfigureAwait(false) : null;
        if (position is not null && message is null)
        {
            return 0;
        }

        while (_logs.TryGetValue(channel, out var log))
        {
            lock (log.Recent)
            {
                if (!log.Recent.Dropped)
                {
                    return message is null ? Clear(log) : Erase(log, message);
                }
            }
        }

        return 0;
    }

    private async ValueTask<Message?> FindAsync(string channel, StreamPosition place, CancellationToken cancellationToken)
    {
        var hasState = _logs.TryGetValue(channel, out var log) && log.State is not null;
        var request = HistoryRequest.Backwards(place with { Offset = place.Offset + 1 }, 1) with { State = hasState };
        var part = await ReadAsync(channel, request, cancellationToken).ConfigureAwait(false);
        return part.Messages is [{ Kind: not MessageKind.Removed } message] && message.Position == place
            ? message
            : part.State.SelectMany(static one => one.State!.Entries).FirstOrDefault(entry => entry.Position == place);
    }

    private int Erase(DataLog log, Message message)
    {
        var place = message.Position;
        var isKept = place.Offset >= log.First && !log.IsErased(place.Offset);
        if (place.Epoch != log.Recent.Epoch || place.Offset > log.Top || !(isKept || log.State?.Has(message.Key, place.Offset) == true))
        {
            return 0;
        }

        // Marked first: the record must not go before what it speaks of.
        foreach (var piece in log.Index.Find(place.Offset, place.Offset))
        {
            piece.Segment.HoldsErased = true;
        }

        // What its key was before would come back otherwise.
        if (message.Key is { } key && log.State is { } state)
        {
            foreach (var segment in state.Segments)
            {
                segment.HoldsErased = true;
            }

            state.Erase(key, place.Offset);
        }

        _journal.AppendErased(log, place.Offset);
        if (isKept)
        {
            log.NoteErased(place.Offset);
        }

        log.Recent.TryErase(place);
        _sink.Deliver(Message.Erased(MessageKind.Erasure, log.Channel, place));
        StartPurging();
        return 1;
    }

    // The log is forgotten, and another one takes its name.
    private int Clear(DataLog log)
    {
        if (log.Top == 0)
        {
            return 0;
        }

        log.Recent.Trim(_clock.Now);
        log.TrimByAge(_clock.Now);
        var count = (int)(log.Top - log.First + 1);
        foreach (var segment in log.Index.Segments.Concat(log.State?.Segments ?? []).Append(log.Home))
        {
            segment?.HoldsErased = true;
        }

        _journal.AppendErased(log, offset: 0);
        _absent.Forget(log.Channel);
        _journal.AppendForgotten(log);
        log.Recent.Clear(epoch: "");
        log.Recent.Drop();
        _sink.Deliver(Message.Cleared(log.Channel, _absent.Of(log.Channel)));
        _logs.TryRemove(KeyValuePair.Create(log.Channel, log));
        StartPurging();
        return count;
    }

    // What was read from files while it was erased, too.
    private static List<Message> WithoutErased(DataLog log, List<Message> messages)
    {
        lock (log.Recent)
        {
            return log.HasErased
                ? messages.ConvertAll(message => log.IsErased(message.Offset) ? Message.Erased(MessageKind.Removed, log.Channel, message.Position) : message)
                : messages;
        }
    }

    private void StartPurging()
    {
        if (Interlocked.Exchange(ref _isPurging, 1) == 0)
        {
            _purge.Change(Gathering, Timeout.InfiniteTimeSpan);
        }
    }

    private void Purge()
    {
        var rolls = false;
        try
        {
            rolls = _journal.TryRollErased();
        }
        catch (BrokerUnavailableException)
        {
            // The journal says so itself; once it can write again, this goes on.
        }

        Volatile.Write(ref _isPurging, 0);
        if (_journal.Segments.Any(static segment => segment.HoldsErased))
        {
            if (!rolls)
            {
                _compactor.Start();
            }

            Interlocked.Exchange(ref _isPurging, 1);
            _purge.Change(Again, Timeout.InfiniteTimeSpan);
        }
    }
}
