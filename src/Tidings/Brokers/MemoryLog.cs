using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Quotas;

namespace Tidings.Brokers;

/// <summary>One channel's log in memory. Its members are called under its lock; <c>now</c> is in milliseconds of a clock that is never set back.</summary>
internal sealed partial class MemoryLog(string channel, HistoryBudget budget)
{
    // What the log takes beside its name and what is in it, and a message beside its data.
    private const int Overhead = 448;
    private const int MessageOverhead = 288;

    // Keys are a promise of five minutes: by then some of a sender's have ended, unless all came at once.
    private const int RetryAfter = 10_000;

    // A ring whose length is a power of two; empty until something is kept.
    private Message[] _kept = [];
    private int _first;
    private int _count;
    private Retention _retention = Retention.Default;
    private IdempotencyKeys? _keys;
    private KeyedState? _state;

    // The share of the last sender; a dictionary only where there are several.
    private HistoryShare? _share;
    private Dictionary<Sender, HistoryShare>? _shares;
    private HistoryShare? _beginner;

    public string Channel => channel;

    /// <summary>Empty until <see cref="Begin"/>.</summary>
    public string Epoch { get; private set; } = "";

    /// <summary>The newest offset; 0 before the first message.</summary>
    public long Top { get; private set; }

    /// <summary>When the log was last used, by the clock of <c>now</c>.</summary>
    public long UsedAt { get; set; }

    /// <summary>Set when the log is no longer the channel's; a caller that finds it set looks the log up again.</summary>
    public bool Dropped { get; private set; }

    /// <summary>Whether nothing is kept that a later call could ask for.</summary>
    public bool IsEmpty => _count == 0 && _keys is not { IsEmpty: false } && _state is not { IsEmpty: false };

    /// <summary>How many of the newest messages are here.</summary>
    public int Count => _count;

    /// <summary>How much is kept, as the newest message said.</summary>
    public Retention Retention => _retention;

    private long Cost => Overhead + (2 * channel.Length);

    /// <summary>Begins the log, which counts as the sender's from here on.</summary>
    public void Begin(string epoch, Sender sender)
    {
        Epoch = epoch;
        _beginner = ShareOf(sender);
        _beginner.SetLog(true, Cost);
    }

    /// <summary>Begins with what is kept elsewhere: none of its messages is here.</summary>
    public void Resume(string epoch, long top, Retention retention, Sender sender)
    {
        Begin(epoch, sender);
        (Top, _retention) = (top, retention);
    }

    /// <summary>Remembers an idempotency key that is kept elsewhere.</summary>
    public void RestoreKey(string key, long offset, long now, TimeSpan window, Sender sender)
    {
        if (FindRepeat(key, now) is null)
        {
            (_keys ??= new IdempotencyKeys(CloseIfEmpty)).Add(key, offset, now, window, ShareOf(sender));
        }
    }

    /// <summary>Puts an entry into the state that is kept elsewhere.</summary>
    public void RestoreState(Message message, Sender sender) => (_state ??= new KeyedState(channel, CloseIfEmpty)).Take(message, ShareOf(sender));

    /// <summary>All entries of the state, with whose they are.</summary>
    public IEnumerable<(Message Message, Sender Sender)> StateEntries() => _state?.Entries ?? [];

    /// <summary>Ends an empty log.</summary>
    public void Drop()
    {
        Dropped = true;
        if (_beginner is { } beginner)
        {
            beginner.SetLog(false, -Cost);
            CloseIfEmpty(beginner);
        }
    }

    /// <summary>The offset that the idempotency key had before, or null.</summary>
    public long? FindRepeat(string key, long now) => _keys?.Find(key, now);

    /// <summary>Forgets keys that were to be remembered for longer than usual.</summary>
    public void Forget(IReadOnlyList<string> keys)
    {
        foreach (var key in keys)
        {
            if (_keys?.Release(key) is { } share)
            {
                CloseIfEmpty(share);
            }
        }
    }

    /// <summary>Makes sure that the publication's key can be remembered, and that the state has room for it. <see cref="Take(Publication, long, long)"/> then does not fail.</summary>
    /// <exception cref="ChannelStateFullException">The state is full.</exception>
    /// <exception cref="SenderQuotaException">So many of the sender's keys are remembered that a further one could not be.</exception>
    /// <exception cref="BrokerUnavailableException">The same, of the server's.</exception>
    public void Admit(Publication publication, long now)
    {
        if (publication.IsState)
        {
            var share = ShareOf(publication.Sender);
            try
            {
                (_state ??= new KeyedState(channel, CloseIfEmpty)).Admit(publication, share);
            }
            finally
            {
                CloseIfEmpty(share);
            }
        }

        if (publication.IdempotencyKey is { } key)
        {
            _keys?.Trim(now);
            var share = ShareOf(publication.Sender);
            MakeRoomForKey(key, share, now);
            CloseIfEmpty(share);
        }
    }

    /// <summary>Takes the next message.</summary>
    /// <exception cref="ChannelStateFullException">The state is full.</exception>
    /// <exception cref="SenderQuotaException">So many of the sender's keys are remembered that a further one could not be.</exception>
    /// <exception cref="BrokerUnavailableException">The same, of the server's.</exception>
    public Message Append(Publication publication, long now, long time)
    {
        Admit(publication, now);
        return Take(publication, now, time);
    }

    /// <summary>Takes the next message, which was admitted under the same lock. It does not fail: what it says may be written elsewhere by now.</summary>
    public Message Take(Publication publication, long now, long time)
    {
        _retention = publication.Retention;
        Trim(now);
        var share = _retention.Size > 0 || publication.IdempotencyKey is not null || publication.IsState ? ShareOf(publication.Sender) : null;
        if (publication.IdempotencyKey is { } key)
        {
            (_keys ??= new IdempotencyKeys(CloseIfEmpty)).Add(key, Top + 1, now, publication.IdempotencyWindow, share!);
        }

        var message = Make(publication, new StreamPosition(Epoch, ++Top), time, now, _retention.Size > 0 ? share : null);
        if (message.Share is not null)
        {
            Keep(message, share!);
        }

        if (publication.IsState)
        {
            // Without what encoders make of the one that is kept in order.
            _state!.Take(Make(publication, message.Position, time), share!);
            CloseIfEmpty(share!);
        }

        return message;
    }

    public static Message Make(Publication publication, StreamPosition position, long time, long now = 0, HistoryShare? share = null) => new()
    {
        Kind = publication.Kind,
        Channel = publication.Channel,
        Position = position,
        Time = time,
        KeptAt = now,
        Share = share,
        Data = publication.Data,
        From = publication.From,
        Key = publication.Key,
        Event = publication.Event,
        Connection = publication.Connection,
        Except = publication.Except,
        Hidden = publication.Hidden,
        TraceParent = publication.TraceParent,
    };

    /// <summary>Forgets what is too old, or more than is kept.</summary>
    public void Trim(long now)
    {
        var oldest = now - (long)_retention.Age.TotalMilliseconds;
        while (_count > 0 && (_count > _retention.Size || At(0).KeptAt <= oldest))
        {
            RemoveFirst();
        }

        if (_count == 0 && _kept.Length > 0)
        {
            _kept = [];
            _first = 0;
        }

        _keys?.Trim(now);
    }

    /// <summary>Forgets keys that were to be remembered for longer than usual, and that nobody released.</summary>
    public void TrimHeld(long now) => _keys?.TrimHeld(now);

    /// <summary>Forgets the oldest messages, until about <paramref name="wanted"/> bytes are free or none of the share's is left.</summary>
    /// <returns>How many.</returns>
    public int Evict(HistoryShare share, long wanted)
    {
        var before = _count;
        while (wanted > 0 && share.Messages > 0)
        {
            wanted -= RemoveFirst();
        }

        return before - _count;
    }

    private Message At(int index) => _kept[(_first + index) & (_kept.Length - 1)];

    private static long CostOf(Message message) => MessageOverhead + message.Data.Bytes.Length + message.ExtraBytes;

    private long RemoveFirst()
    {
        var message = _kept[_first];
        _kept[_first] = null!;
        _first = (_first + 1) & (_kept.Length - 1);
        _count--;
        var share = (HistoryShare)message.Share!;
        var (cost, encoded) = (CostOf(message), message.EndCharge());
        share.AddMessage(-1, -cost);
        share.Owner.Add(-encoded);
        CloseIfEmpty(share);
        return cost + encoded;
    }

    private void Keep(Message message, HistoryShare share)
    {
        share.AddMessage(1, CostOf(message));
        if (_count == _retention.Size)
        {
            RemoveFirst();
        }

        if (_count == _kept.Length)
        {
            var larger = new Message[Math.Max(4, 2 * _kept.Length)];
            for (var i = 0; i < _count; i++)
            {
                larger[i] = At(i);
            }

            _kept = larger;
            _first = 0;
        }

        _kept[(_first + _count++) & (_kept.Length - 1)] = message;
    }

    // To forget an older one would break a promise that was given.
    private void MakeRoomForKey(string key, HistoryShare share, long now)
    {
        if (share.Keys >= IdempotencyKeys.MostOfSender)
        {
            TrimHeld(now);
        }

        if (share.Keys < IdempotencyKeys.MostOfSender && share.Owner.MayKeepKey(IdempotencyKeys.CostOf(key)))
        {
            return;
        }

        CloseIfEmpty(share);
        throw share.Owner.Sender.IsServer
            ? new BrokerUnavailableException("Too many idempotency keys in one channel.")
            : new SenderQuotaException("Too many idempotency keys.", RetryAfter);
    }

    private HistoryShare ShareOf(Sender sender)
    {
        if (_share is { } last && last.Owner.Sender == sender)
        {
            return last;
        }

        if (_shares is null && _share is { } first)
        {
            _shares = new() { [first.Owner.Sender] = first };
        }

        if (_shares is null || !_shares.TryGetValue(sender, out var share))
        {
            share = budget.Open(this, sender);
            _shares?.Add(sender, share);
        }

        return _share = share;
    }

    private void CloseIfEmpty(HistoryShare share)
    {
        if (!share.IsEmpty)
        {
            return;
        }

        _shares?.Remove(share.Owner.Sender);
        if (_shares is { Count: 0 })
        {
            _shares = null;
        }

        if (_share == share)
        {
            _share = null;
        }

        budget.Close(share);
    }
}
