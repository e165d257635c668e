using System.Collections.Concurrent;
using Tidings.Brokers;
using Tidings.Feeds;
using Tidings.Messages;
using Tidings.Options;
using Tidings.PostgreSql.Databases;
using Tidings.Protocol;

namespace Tidings.PostgreSql.Logs;

/// <summary>The channels that this node hears: of all that is new it takes what is said there. Safe from any thread.</summary>
internal sealed class FeedSet
{
    // So many at once: enough to fill the readings, few enough that none waits for its turn beyond its deadline.
    private const int AtOnce = 512;

    // What a feed takes on this node, about.
    private const int FeedBytes = 1024;

    // Past so many, those that nobody listens to don't wait for the next sweep.
    private static readonly long s_roomy = Math.Max(1024, ProcessMemory.Bytes / 32 / FeedBytes);

    // A log that nobody uses is forgotten after an hour; while somebody listens it is used.
    private static readonly TimeSpan KeepInterval = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, ChannelFeed> _feeds = new(StringComparer.Ordinal);
    private readonly Lock _removing = new();
    private readonly PostgreSqlServer _server;
    private readonly IMessageSink _hub;
    private readonly ILogReader _reader;
    private readonly TimeProvider _time;
    private readonly PostgreSqlMetrics _metrics;
    private long _count;
    private long _sweepAt = s_roomy;
    private long _sweptAt;
    private long _keptAt;

    public FeedSet(PostgreSqlServer server, IMessageSink hub, ILogReader reader, TimeProvider time, PostgreSqlMetrics metrics)
    {
        (_server, _hub, _reader, _time, _metrics) = (server, hub, reader, time, metrics);
        _keptAt = _sweptAt = time.GetTimestamp();
        server.OnNews = Take;
        server.OnTick.Add(TickAsync);
        server.OnLinked.Add(ResumeAsync);
    }

    /// <summary>How many channels are heard.</summary>
    public int Count => _feeds.Count;

    /// <summary>Has the channel heard; completes once nothing that is published is missed.</summary>
    /// <exception cref="BrokerUnavailableException">PostgreSQL cannot be reached.</exception>
    public async Task ListenAsync(string channel, CancellationToken cancellationToken)
    {
        while (true)
        {
            var link = await _server.GetLinkAsync(default, cancellationToken).ConfigureAwait(false);
            if (Volatile.Read(ref _count) >= Volatile.Read(ref _sweepAt))
            {
                Sweep(atOnce: true);
                Volatile.Write(ref _sweepAt, Math.Max(s_roomy, 2 * Volatile.Read(ref _count)));
            }

            if (Find(channel).EnsureAsync(link) is { } ensuring)
            {
                await ensuring.WaitAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
        }
    }

    private ChannelFeed Find(string channel)
    {
        // A feed that is removed is out of the set before another can be in it.
        lock (_removing)
        {
            if (!_feeds.TryGetValue(channel, out var feed))
            {
                _feeds[channel] = feed = new ChannelFeed(channel, [channel], _hub, _reader, _time);
                _count++;
            }

            return feed;
        }
    }

    // On a new link everything is caught up with. Before that the node does not count as connected.
    private Task ResumeAsync(PostgreSqlLink link) =>
        Parallel.ForEachAsync(_feeds.Values, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (feed, _) =>
        {
            if (feed.EnsureAsync(link) is { } ensuring)
            {
                await ensuring.ConfigureAwait(false);
            }
        });

    private async Task TickAsync(PostgreSqlLink link)
    {
        if (_time.GetElapsedTime(_sweptAt) >= SweepInterval)
        {
            _sweptAt = _time.GetTimestamp();
            Sweep(atOnce: false);
        }

        if (_time.GetElapsedTime(_keptAt) >= KeepInterval)
        {
            _keptAt = _time.GetTimestamp();
            foreach (var some in _feeds.Keys.Where(static name => name[0] > ' ').Chunk(AtOnce))
            {
                await new Statement(
                    "UPDATE tidings.channels SET used = tidings.now_1() WHERE name IN (SELECT name FROM tidings.channels WHERE name = ANY ($1) AND used < tidings.now_1() - 600000 ORDER BY name FOR UPDATE SKIP LOCKED)",
                    (object)some).AskAsync(link.Database).ConfigureAwait(false);
            }
        }
    }

    private void Sweep(bool atOnce)
    {
        foreach (var (name, feed) in _feeds)
        {
            lock (_removing)
            {
                if (feed.TryRemove(atOnce))
                {
                    _count--;
                    _feeds.TryRemove(name, out _);
                }
            }
        }
    }

    private void Take(News news)
    {
        if (!_feeds.TryGetValue(news.Channel, out var feed))
        {
            return;
        }

        var position = news.Place is null ? default : new StreamPosition(LogEpoch.Of(news.Generation, news.Birth, news.Channel), news.Place.Value);
        var message = news switch
        {
            { IsMessage: true } => _metrics.Decode(news.Channel, position, news.Time, news.Payload()),
            { Place: null } => LogEntry.Decode(news.Channel, default, news.Time, news.Payload()),
            { Place: 0 } => Message.Cleared(news.Channel, position.Epoch),
            _ => Message.Erased(MessageKind.Erasure, news.Channel, position),
        };
        if (message is null)
        {
            _metrics.Dropped("passing");
            return;
        }

        feed.Offer(message);
        if (news.IsMessage)
        {
            _server.Saw(news.Channel, news.Generation, news.Birth, position);
        }
    }
}
