using Tidings.Channels;
using Tidings.Protocol;

namespace Tidings.Brokers;

/// <summary>One channel's log in memory. Its members are called under its lock; <c>now</c> is in milliseconds of a clock that is never set back.</summary>
internal sealed class MemoryLog
{
    private const int MostIdempotencyKeys = 100_000;

    // A ring whose length is a power of two; empty until something is kept.
    private Message[] _kept = [];
    private int _first;
    private int _count;
    private Retention _retention = Retention.Default;
    private Dictionary<string, (long Offset, long Until)>? _idempotent;
    private Queue<string>? _idempotentOrder;

    // Those that are remembered for longer than usual, until they are released. In no order: there are few at a time.
    private Dictionary<string, (long Offset, long Until)>? _held;

    /// <summary>Random, so that a log that is begun anew is never taken for this one.</summary>
    public string Epoch { get; private set; } = "";

    /// <summary>The newest offset; 0 before the first message.</summary>
    public long Top { get; private set; }

    /// <summary>When the log was last used, by the clock of <c>now</c>.</summary>
    public long UsedAt { get; set; }

    /// <summary>Set when the log is no longer the channel's; whoever finds it so looks again.</summary>
    public bool Dropped { get; set; }

    /// <summary>Whether nothing is kept that a later call could ask for.</summary>
    public bool IsEmpty => _count == 0 && _idempotent is not { Count: > 0 } && _held is not { Count: > 0 };

    /// <summary>Begins the log with <paramref name="epoch"/> if nobody has yet.</summary>
    /// <returns>False where the log is no longer the channel's.</returns>
    public bool TryUse(string epoch)
    {
        if (Epoch.Length == 0)
        {
            Epoch = epoch;
        }

        return !Dropped;
    }

    /// <summary>The offset that the idempotency key had before, or null.</summary>
    public long? FindRepeat(string key, long now) => Find(_idempotent, key, now) ?? Find(_held, key, now);

    /// <summary>Forgets keys that were to be remembered for longer than usual.</summary>
    public void Forget(IReadOnlyList<string> keys)
    {
        foreach (var key in keys)
        {
            _held?.Remove(key);
        }
    }

    /// <exception cref="BrokerUnavailableException">So many keys are remembered that a further one could not be.</exception>
    public Message Append(Publication publication, long now, long time)
    {
        _retention = publication.Retention;
        Trim(now);
        var held = publication.IdempotencyWindow > Retention.IdempotencyWindow;
        if (held && _held?.Count >= MostIdempotencyKeys)
        {
            TrimHeld(now);
        }

        if (publication.IdempotencyKey is not null && (held ? _held : _idempotent)?.Count >= MostIdempotencyKeys)
        {
            // To forget an older one would break a promise that was given.
            throw new BrokerUnavailableException("Too many idempotency keys in one channel.");
        }

        var message = Make(publication, ++Top, now, time);
        Keep(message);
        if (publication.IdempotencyKey is { } key)
        {
            Remember(key, now, publication.IdempotencyWindow);
        }

        return message;
    }

    public Message Make(Publication publication, long offset, long now, long time) => new()
    {
        Kind = publication.Kind,
        Channel = publication.Channel,
        Position = new StreamPosition(Epoch, offset),
        Time = time,
        KeptAt = now,
        Data = publication.Data,
        From = publication.From,
        Key = publication.Key,
        Except = publication.Except,
        Hidden = publication.Hidden,
        TraceParent = publication.TraceParent,
    };

    public HistoryPart Read(HistoryRequest request, long now)
    {
        Trim(now);
        var top = new StreamPosition(Epoch, Top);
        long after;
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

        var count = Top - after;
        if (request.Limit is { } limit)
        {
            count = Math.Min(count, limit);
        }

        var messages = new Message[count];
        for (var i = 0; i < count; i++)
        {
            messages[i] = At((int)(after - (Top - _count)) + i);
        }

        return new HistoryPart(top, Recovered: true, messages);
    }

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

        while (_idempotentOrder is { Count: > 0 } order && _idempotent![order.Peek()].Until <= now)
        {
            _idempotent.Remove(order.Dequeue());
        }
    }

    private Message At(int index) => _kept[(_first + index) & (_kept.Length - 1)];

    private void RemoveFirst()
    {
        _kept[_first] = null!;
        _first = (_first + 1) & (_kept.Length - 1);
        _count--;
    }

    private void Keep(Message message)
    {
        if (_retention.Size == 0)
        {
            return;
        }

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

    private static long? Find(Dictionary<string, (long Offset, long Until)>? keys, string key, long now) =>
        keys is not null && keys.TryGetValue(key, out var first) && first.Until > now ? first.Offset : null;

    /// <summary>Forgets the keys that were to be remembered for longer than usual, and that nobody released.</summary>
    public void TrimHeld(long now)
    {
        foreach (var (key, first) in _held ?? [])
        {
            if (first.Until <= now)
            {
                _held!.Remove(key);
            }
        }
    }

    private void Remember(string key, long now, TimeSpan window)
    {
        if (window > Retention.IdempotencyWindow)
        {
            (_held ??= new Dictionary<string, (long, long)>(StringComparer.Ordinal))[key] = (Top, now + (long)window.TotalMilliseconds);
            return;
        }

        _idempotent ??= new Dictionary<string, (long, long)>(StringComparer.Ordinal);
        _idempotentOrder ??= new Queue<string>();
        _idempotent.Add(key, (Top, now + (long)window.TotalMilliseconds));
        _idempotentOrder.Enqueue(key);
    }
}
