using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Feeds;
using Tidings.Messages;
using Tidings.Options;
using Tidings.Redis.Servers;

namespace Tidings.Redis.Logs;

/// <summary>The channels that this node hears from one server. Safe from any thread.</summary>
internal sealed partial class FeedSet
{
    // So many at once: enough to keep the server busy, few enough that none waits for its turn beyond its deadline.
    private const int AtOnce = 256;

    // What a feed takes on this node, its subscription in the client library included, about.
    private const int FeedBytes = 4096;

    // Past so many, those that nobody listens to don't wait for the next sweep.
    private static readonly long s_roomy = Math.Max(256, ProcessMemory.Bytes / 32 / FeedBytes);

    // Logs live an hour longer than what they keep; while somebody listens they are looked at far more often.
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, ChannelFeed> _feeds = new(StringComparer.Ordinal);
    private readonly Lock _removing = new();
    private readonly RedisShard _shard;
    private readonly IMessageSink _hub;
    private readonly ILogReader _reader;
    private readonly bool _bridge;
    private readonly TimeProvider _time;
    private readonly RedisMetrics _metrics;
    private readonly ILogger _log;
    private long _count;
    private long _sweepAt = s_roomy;

    public FeedSet(RedisShard shard, IMessageSink hub, ILogReader reader, bool bridge, TimeProvider time, RedisMetrics metrics, ILogger log)
    {
        _bridge = bridge;
        _shard = shard;
        _hub = hub;
        _reader = reader;
        _time = time;
        _metrics = metrics;
        _log = log;
        shard.OnMessage = Take;
        shard.OnGeneration = () => _ = CheckAllAsync();
        shard.OnTick.Add(TickAsync);
        shard.OnLinked.Add(ResumeAsync);
    }

    /// <summary>How many channels are heard.</summary>
    public int Count => _feeds.Values.Distinct().Count();

    /// <summary>Has the channel heard; completes once nothing that is published is missed.</summary>
    /// <exception cref="BrokerUnavailableException">The server cannot be reached.</exception>
    public async Task ListenAsync(string channel, CancellationToken cancellationToken)
    {
        var name = _shard.Place.Keys.Channel(channel);
        while (true)
        {
            var link = await _shard.GetLinkAsync(default, cancellationToken).ConfigureAwait(false);
            if (Volatile.Read(ref _count) >= Volatile.Read(ref _sweepAt))
            {
                await SweepAsync(link).ConfigureAwait(false);
            }

            if (Find(channel, name).EnsureAsync(link.Connection) is { } ensuring)
            {
                await ensuring.WaitAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
        }
    }

    private ChannelFeed Find(string channel, string name)
    {
        // A feed that is removed is out of the set before another can be in it, and its unsubscribing on its way before another's subscribing.
        lock (_removing)
        {
            if (!_feeds.TryGetValue(name, out var feed))
            {
                feed = new ChannelFeed(channel, IsBridged(channel) ? [name, channel] : [name], _hub, _reader, _time);
                _count++;
                foreach (var heard in feed.Names)
                {
                    _feeds[heard] = feed;
                }
            }

            return feed;
        }
    }

    // What is said there by itself. No channel of that kind is one of ours.
    private bool IsBridged(string channel) => _bridge && channel[0] > ' ' && !_shard.Place.Keys.IsOurs(channel);

    // On a new connection everything is heard anew, and caught up with. Before that the node does not count as connected.
    private Task ResumeAsync(RedisLink link) =>
        Parallel.ForEachAsync(_feeds, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (entry, _) =>
        {
            if (entry.Value.EnsureAsync(link.Connection) is { } ensuring)
            {
                await ensuring.ConfigureAwait(false);
            }
        });

    private async Task CheckAllAsync()
    {
        try
        {
            await Parallel.ForEachAsync(
                _feeds.Values, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, static async (feed, _) => await feed.CheckAsync().ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (BrokerUnavailableException)
        {
            // The next connection checks all of them.
        }
    }

    private async Task TickAsync(RedisLink link)
    {
        var work = new List<Task>();
        foreach (var (name, feed) in _feeds)
        {
            if (feed.Names[0] == name && TryRemove(feed, link, work, atOnce: false))
            {
                continue;
            }

            if (_time.GetElapsedTime(feed.CheckedAt) > CheckInterval)
            {
                work.Add(feed.CheckAsync());
            }

            if (work.Count >= AtOnce)
            {
                await Task.WhenAll(work).ConfigureAwait(false);
                work.Clear();
            }
        }

        await Task.WhenAll(work).ConfigureAwait(false);
    }

    // By the time they are twice as many, as many again may have gone.
    private async Task SweepAsync(RedisLink link)
    {
        Volatile.Write(ref _sweepAt, long.MaxValue);
        try
        {
            var work = new List<Task>();
            foreach (var (name, feed) in _feeds)
            {
                if (feed.Names[0] == name && TryRemove(feed, link, work, atOnce: true) && work.Count >= AtOnce)
                {
                    await Task.WhenAll(work).ConfigureAwait(false);
                    work.Clear();
                }
            }

            await Task.WhenAll(work).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _sweepAt, Math.Max(s_roomy, 2 * Volatile.Read(ref _count)));
        }
    }

    private bool TryRemove(ChannelFeed feed, RedisLink link, List<Task> work, bool atOnce)
    {
        lock (_removing)
        {
            if (!feed.TryRemove(atOnce))
            {
                return false;
            }

            _count--;
            foreach (var heard in feed.Names)
            {
                _feeds.TryRemove(heard, out _);
                work.Add(link.Connection.UnsubscribeAsync(heard));
            }

            return true;
        }
    }

    private void Take(string name, byte[] published)
    {
        if (!_feeds.TryGetValue(name, out var feed))
        {
            return;
        }

        var decoded = feed.Names[0] == name ? LogEntry.DecodePublished(feed.Channel, published) : LogEntry.DecodePlain(feed.Channel, published, _time.GetUtcNow().ToUnixTimeMilliseconds());
        if (decoded is { } message)
        {
            feed.Offer(message);
        }
        else
        {
            if (_metrics.Dropped("published"))
            {
                LogDropped(feed.Channel, published.Length);
            }
        }
    }

    [LoggerMessage(510, LogLevel.Warning, "Dropped {Bytes} bytes that Redis published in channel {Channel}: not a message")]
    private partial void LogDropped(string channel, int bytes);
}
