using System.Globalization;
using Tidings.Brokers;
using Tidings.Feeds;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Redis.Events;
using Tidings.Redis.Servers;

namespace Tidings.Redis.Logs;

/// <summary>Logs on Redis: a publish is one script there, whatever the number of nodes and subscribers. Safe from any thread.</summary>
internal sealed partial class RedisBroker : IBroker, ILogReader, IAsyncDisposable
{
    /// <summary>The most messages that are read at once.</summary>
    public const int PageSize = 500;

    // A log outlives what is in it by so much, that an epoch changes only where nobody can miss anything.
    private static readonly TimeSpan LogLife = TimeSpan.FromHours(1);

    // How often a call is repeated because the logs have begun anew in between.
    private const int MostRenewals = 3;

    private readonly RedisShard[] _shards;
    private readonly FeedSet[] _feeds;
    private readonly RedisReplicas?[] _replicas;
    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly RedisMetrics _metrics;
    private readonly KeyRates _keyRates;

    public RedisBroker(RedisShard[] shards, Func<RedisShard, ILogReader, FeedSet> feeds, RedisOptions options, TimeProvider time, RedisMetrics metrics)
    {
        _shards = shards;
        _options = options;
        _time = time;
        _metrics = metrics;
        _keyRates = new KeyRates(time);
        _feeds = [.. shards.Select(shard => feeds(shard, this))];
        _replicas = [.. shards.Select(shard => shard.Place.Replicas > 0 ? new RedisReplicas(shard.Place, time) : null)];
    }

    /// <summary>The messages that back ends are told of; null where they are told of none.</summary>
    public ToldMessages? Told { get; init; }

    /// <summary>How many channels this node hears.</summary>
    public int Heard => _feeds.Sum(static feeds => feeds.Count);

    public ValueTask<StreamPosition?> PublishAsync(Publication publication, CancellationToken cancellationToken = default) =>
        Told?.ReceiversOf(publication) is { } receivers and not 0 ? PublishAndTellAsync(Told, publication, receivers, cancellationToken) : PublishAsync(publication, [], cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var replicas in _replicas)
        {
            if (replicas is not null)
            {
                await replicas.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    public async ValueTask ReleaseAsync(string channel, IReadOnlyList<string> idempotencyKeys, CancellationToken cancellationToken = default)
    {
        var link = await ShardOf(channel).GetLinkAsync(default, cancellationToken).ConfigureAwait(false);
        RedisValue[] arguments = [Milliseconds(Retention.IdempotencyWindow), .. idempotencyKeys.Select(key => (RedisValue)link.Keys.Idempotency(channel, key))];
        await link.Connection.EvaluateAsync(RedisScript.ReleaseOnce, [link.Keys.Log(channel)], arguments, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<int> EraseAsync(string channel, StreamPosition? position, CancellationToken cancellationToken = default)
    {
        if (position is { Epoch: null or "" })
        {
            // To the script that would be the whole log.
            return 0;
        }

        var shard = ShardOf(channel);
        var link = await shard.GetLinkAsync(_options.PublishWait, cancellationToken).ConfigureAwait(false);
        RedisKey[] keys = [link.Keys.Generation, link.Keys.Log(channel), link.Keys.Stream(channel), link.Keys.State(channel)];
        for (var attempt = 0; attempt < MostRenewals; attempt++)
        {
            var answer = (RedisAnswer[])await link.Connection.EvaluateAsync(
                RedisScript.Erase,
                keys,
                [link.Generation, position?.Epoch ?? "", position?.Offset ?? 0, link.Keys.Channel(channel), LogEntry.Removed, LogEntry.Cleared, Milliseconds(LogLife)],
                cancellationToken).ConfigureAwait(false);
            if ((string)answer[0] != "generation")
            {
                await ConfirmErasureAsync(channel, link, cancellationToken).ConfigureAwait(false);
                return (int)answer[0];
            }

            link = await shard.RenewAsync(link).ConfigureAwait(false);
        }

        throw new BrokerUnavailableException("Redis keeps reporting a new generation; the attempt was given up.");
    }

    public ValueTask ListenAsync(string channel, CancellationToken cancellationToken = default) =>
        new(_feeds[RedisSpread.IndexOf(channel, _shards.Length)].ListenAsync(channel, cancellationToken));

    public async ValueTask<HistoryPart> ReadAsync(string channel, HistoryRequest request, CancellationToken cancellationToken = default)
    {
        var most = request.Limit ?? int.MaxValue;
        if (request.Before is { } before)
        {
            return await ReadBeforeAsync(channel, before, most, cancellationToken).ConfigureAwait(false);
        }

        if (request.Oldest)
        {
            // A position of an epoch that there is not: from the beginning of what is kept.
            var (last, oldest, _, _) = await ReadPageAsync(channel, new StreamPosition("-", 0), Math.Min(most, PageSize), cancellationToken).ConfigureAwait(false);
            return new HistoryPart(last, Recovered: true, [.. oldest.TakeWhile((message, index) => message.Offset == oldest[0].Offset + index)]);
        }

        if (request.Since is not { } since)
        {
            var (newest, found, state, _) = await ReadPageAsync(channel, position: null, Math.Min(request.Last, most), cancellationToken, state: request.State ? new StateReading(channel) : null).ConfigureAwait(false);
            return new HistoryPart(newest, Recovered: true, WithoutHoles(found, newest.Offset)) { State = state };
        }

        var messages = new List<Message>();
        var reading = request.State ? new StateReading(channel) : null;
        StreamPosition top;
        while (true)
        {
            // Where none is wanted one is read all the same: it says whether all that came after the position is there.
            var wanted = Math.Clamp(most - messages.Count, 1, PageSize);
            var (now, page, state, _) = await ReadPageAsync(channel, since with { Offset = since.Offset + messages.Count }, wanted, cancellationToken, state: reading).ConfigureAwait(false);
            top = now;
            if (since.Epoch != top.Epoch || since.Offset > top.Offset || !Follows(page, since.Offset + messages.Count, top.Offset))
            {
                return new HistoryPart(top, Recovered: false, []) { State = state };
            }

            messages.AddRange(page);
            if (since.Offset + messages.Count >= top.Offset || messages.Count >= most)
            {
                return new HistoryPart(top, Recovered: true, most == 0 ? [] : messages) { State = state };
            }
        }
    }

    private async ValueTask<StreamPosition?> PublishAndTellAsync(ToldMessages told, Publication publication, ulong receivers, CancellationToken cancellationToken)
    {
        // Queues of events are on the first server alone.
        if (RedisSpread.IndexOf(publication.Channel, _shards.Length) == 0)
        {
            return await PublishAsync(publication, await told.ArgumentsAsync(publication, receivers, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }

        var position = await PublishAsync(publication, [], cancellationToken).ConfigureAwait(false);
        told.Note(publication, position);
        return position;
    }

    private async ValueTask<StreamPosition?> PublishAsync(Publication publication, RedisValue[] told, CancellationToken cancellationToken)
    {
        var shard = ShardOf(publication.Channel);
        var link = await shard.GetLinkAsync(_options.PublishWait, cancellationToken).ConfigureAwait(false);
        if (publication.Ephemeral)
        {
            await SayAsync(link, publication, told, cancellationToken).ConfigureAwait(false);
            return null;
        }

        if (publication.IdempotencyKey is not null && !_keyRates.TryUse(publication.Sender, out var retryAfter))
        {
            throw new SenderQuotaException("Too many idempotency keys.", retryAfter);
        }

        var log = link.Keys.Log(publication.Channel);
        var state = publication.IsState ? publication.Retention.State : null;
        RedisKey[] keys =
        [
            link.Keys.Generation, log, link.Keys.Stream(publication.Channel), publication.IdempotencyKey is { } key ? link.Keys.Idempotency(publication.Channel, key) : log,
            .. state is null ? (ReadOnlySpan<RedisKey>)[] : [link.Keys.State(publication.Channel)],
        ];
        RedisValue[] arguments =
        [
            link.Generation, shard.Place.Replicas > 0 ? shard.Place.Replicas : "", publication.Retention.Size, Milliseconds(publication.Retention.Age), link.Keys.Channel(publication.Channel),
            LogEntry.Encode(publication), publication.Durable ? "1" : "0", publication.IdempotencyKey is null ? "0" : Milliseconds(publication.IdempotencyWindow),
            Milliseconds(LogLife + Longer(publication.Retention.Age, publication.IdempotencyKey is null ? default : publication.IdempotencyWindow)),
            .. state is null ? (ReadOnlySpan<RedisValue>)[] : [publication.Key, state.Keys, state.Bytes, publication.Kind == MessageKind.KeyRemoval ? "1" : publication.Sender.IsServer ? "0" : "2"],
            .. told,
        ];
        for (var attempt = 0; attempt < MostRenewals; attempt++)
        {
            var answer = (RedisAnswer[])await link.Connection.EvaluateAsync(RedisScript.Publish, keys, arguments, cancellationToken).ConfigureAwait(false);
            switch ((string)answer[0])
            {
                case "generation":
                    link = await shard.RenewAsync(link).ConfigureAwait(false);
                    arguments[0] = link.Generation;
                    break;
                case "durable" when answer.Length > 1:
                    throw new NotDurableException($"Redis has {(string)answer[1]} replicas, and {shard.Place.Replicas} must have a durable message (Tidings:RedisReplicas).");
                case "durable":
                    throw new NotDurableException("Redis does not write to disk before it answers; durable publishing needs appendonly yes and appendfsync always.");
                case "full":
                    throw new ChannelStateFullException((string)answer[1] switch
                    {
                        "keys" => $"The channel's state has {state!.Keys} keys, as many as it may (StateKeys).",
                        "bytes" => $"The channel's state would have more than {state!.Bytes} bytes (StateBytes).",
                        _ => "There is no memory for more state of clients: three quarters of what Redis may take (maxmemory) are in use.",
                    });
                case var epoch:
                    if (answer.Length > 2)
                    {
                        shard.Saw(link, (long)answer[2]);
                    }

                    var position = new StreamPosition(epoch, (long)answer[1]);
                    if (answer.Length > 3)
                    {
                        Told!.Note(publication, position);
                    }

                    if (publication.Durable && ReplicasOf(publication.Channel) is { } replicas)
                    {
                        await replicas.ConfirmAsync(link, cancellationToken).ConfigureAwait(false);
                    }

                    return position;
            }
        }

        throw new BrokerUnavailableException("Redis keeps reporting a new generation; the attempt was given up.");
    }

    // What was erased here alone comes back with a replica.
    private async Task ConfirmErasureAsync(string channel, RedisLink link, CancellationToken cancellationToken)
    {
        if (ReplicasOf(channel) is { } replicas)
        {
            try
            {
                await replicas.ConfirmAsync(link, cancellationToken).ConfigureAwait(false);
            }
            catch (NotDurableException error)
            {
                throw new BrokerUnavailableException("Too few of Redis' replicas have answered in time that they have all that was erased so far: with one of them it could come back. Erase it again.", error);
            }
        }
    }

    private async Task SayAsync(RedisLink link, Publication publication, RedisValue[] told, CancellationToken cancellationToken)
    {
        var entry = LogEntry.EncodeEphemeral(publication, Now);
        if (told.Length == 0)
        {
            await link.Connection.PublishAsync(link.Keys.Channel(publication.Channel), entry).ConfigureAwait(false);
        }
        else if (((RedisAnswer[])await link.Connection.EvaluateAsync(RedisScript.Say, [link.Keys.Generation], [link.Keys.Channel(publication.Channel), entry, .. told], cancellationToken).ConfigureAwait(false)).Length > 0)
        {
            Told!.Note(publication, position: null);
        }
    }

    private async Task<HistoryPart> ReadBeforeAsync(string channel, StreamPosition before, int most, CancellationToken cancellationToken)
    {
        // Where none is wanted one is read all the same: it says whether the message just before the position is there. Before the first there is none.
        var (top, found, _, _) = await ReadPageAsync(channel, before, before.Offset > 1 ? Math.Max(1, most) : 0, cancellationToken, backwards: true).ConfigureAwait(false);
        var last = Math.Min(before.Offset - 1, top.Offset);
        var messages = WithoutHoles(found, last);
        return before.Epoch != top.Epoch || (last > 0 && messages.Count == 0)
            ? new HistoryPart(top, Recovered: false, [])
            : new HistoryPart(top, Recovered: true, most == 0 ? [] : messages);
    }

    public async Task<LogPart> ReadLogAsync(string channel, StreamPosition? since)
    {
        var shard = ShardOf(channel);
        var link = await shard.GetLinkAsync(_options.PublishWait).ConfigureAwait(false);
        var (top, messages, _, formers) = await ReadPageAsync(channel, since, since is null ? 0 : PageSize, CancellationToken.None).ConfigureAwait(false);
        if (since is { } seen && seen.Epoch == top.Epoch && seen.Offset > top.Offset)
        {
            // What was shown is not there any more: the next message would get its offset.
            await shard.EndGenerationAsync(link).ConfigureAwait(false);
            (top, messages, _, formers) = await ReadPageAsync(channel, since, PageSize, CancellationToken.None).ConfigureAwait(false);
        }

        return new LogPart(top, messages, messages.Count > 0 && messages.Count >= PageSize && messages[^1].Offset < top.Offset) { Formers = DecodeFormers(formers) };
    }

    // Whether what was read goes on from an offset without a hole, and there is something where there is something to come.
    private static bool Follows(List<Message> page, long after, long top)
    {
        for (var i = 0; i < page.Count; i++)
        {
            if (page[i].Offset != after + 1 + i)
            {
                return false;
            }
        }

        return page.Count > 0 || after == top;
    }

    // What reaches up to the top: of what is before a hole nothing is said.
    private static IReadOnlyList<Message> WithoutHoles(List<Message> messages, long top)
    {
        var first = messages.Count;
        while (first > 0 && messages[first - 1].Offset == top - (messages.Count - first))
        {
            first--;
        }

        return messages[first..];
    }

    private static string Milliseconds(TimeSpan time) => ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private RedisReplicas? ReplicasOf(string channel) => _replicas[RedisSpread.IndexOf(channel, _shards.Length)];

    private RedisShard ShardOf(string channel) => _shards[RedisSpread.IndexOf(channel, _shards.Length)];
}
