namespace Tidings.Connections;

/// <summary>How often those may say something who send each command by a request of its own, and so have no connection that counts:
/// a pair of buckets for each user, and for each address of those without. Bounded; safe from any thread.</summary>
/// <param name="content">What they publish, send and call.</param>
/// <param name="questions">What they ask: history, presence, pings.</param>
/// <param name="time">The clock.</param>
internal sealed class SenderRates(RateLimit content, RateLimit questions, TimeProvider time)
{
    private const int MostSenders = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<Sender, Buckets> _senders = [];
    private readonly Buckets _shared = new();
    private readonly long _started = time.GetTimestamp();
    private RateLimit _content = content;
    private RateLimit _questions = questions;
    private long _forgetAfter = Math.Max(MillisecondsToFill(content), MillisecondsToFill(questions));
    private long _swept;

    /// <param name="user">Whose command it is, or null.</param>
    /// <param name="address">Where it comes from.</param>
    /// <param name="retryAfter">Where it is refused, the milliseconds after which to try again.</param>
    public bool TryContent(string? user, AddressKey address, out int retryAfter) => TryTake(user, address, isContent: true, out retryAfter);

    /// <inheritdoc cref="TryContent"/>
    public bool TryAsk(string? user, AddressKey address, out int retryAfter) => TryTake(user, address, isContent: false, out retryAfter);

    /// <summary>How many senders are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _senders.Count;
            }
        }
    }

    /// <summary>Goes by other rates from now on. What was spent stays spent.</summary>
    public void Change(RateLimit content, RateLimit questions)
    {
        lock (_gate)
        {
            (_content, _questions) = (content, questions);
            _forgetAfter = Math.Max(MillisecondsToFill(content), MillisecondsToFill(questions));
        }
    }

    private bool TryTake(string? user, AddressKey address, bool isContent, out int retryAfter)
    {
        retryAfter = 0;
        lock (_gate)
        {
            var limit = isContent ? _content : _questions;
            if (limit.PerSecond == 0)
            {
                return true;
            }

            var now = (long)time.GetElapsedTime(_started).TotalMilliseconds;
            var buckets = Find_NeedsLock(user is null ? new Sender(null, address) : new Sender(user, default), now);
            buckets.UsedAt = now;
            ref var bucket = ref isContent ? ref buckets.Content : ref buckets.Questions;
            if (bucket.TryTake(limit, now))
            {
                return true;
            }

            retryAfter = bucket.Wait(limit);
            return false;
        }
    }

    private Buckets Find_NeedsLock(Sender sender, long now)
    {
        if (_senders.TryGetValue(sender, out var buckets))
        {
            return buckets;
        }

        if (_senders.Count >= MostSenders && now - _swept >= _forgetAfter)
        {
            // Whose buckets have filled up again is as good as new.
            _swept = now;
            foreach (var (old, itsBuckets) in _senders)
            {
                if (now - itsBuckets.UsedAt >= _forgetAfter)
                {
                    _senders.Remove(old);
                }
            }
        }

        // So many at once: those that come now share what one may.
        return _senders.Count >= MostSenders ? _shared : _senders[sender] = new Buckets();
    }

    private static long MillisecondsToFill(RateLimit limit) => limit.PerSecond == 0 ? 0 : (limit.Burst * 1000L / limit.PerSecond) + 1;

    private readonly record struct Sender(string? User, AddressKey Address);

    private sealed class Buckets
    {
        public TokenBucket Content;
        public TokenBucket Questions;

        public long UsedAt { get; set; }
    }
}
