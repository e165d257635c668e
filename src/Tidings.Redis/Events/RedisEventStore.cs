using System.Globalization;
using Tidings.Brokers;
using Tidings.Events;
using Tidings.Redis.Cluster;
using Tidings.Redis.Servers;

namespace Tidings.Redis.Events;

/// <summary>Events on Redis: what all nodes hold, each under its lease, and one stream for each receiver. All of it is on the first server. Safe from any thread.</summary>
/// <remarks>What is read was written by somebody who may write in Redis, and may be anything.</remarks>
internal sealed class RedisEventStore : IEventStore, ILeased
{
    private const string Kind = "events";
    private const int AtOnce = 200;

    // More than any batch has parts.
    private const long Parts = 1_000_000;

    private static readonly string KeyLife = Milliseconds(TimeSpan.FromDays(2));

    private readonly RedisShard _shard;
    private readonly RedisKeys _keys;
    private readonly string _node;
    private readonly RedisMetrics _metrics;
    private IReadOnlyList<string> _receivers = [];
    private NodeLease? _lease;

    // Under which leases what the node holds may be: one, unless it was not heard whether it went over to the next.
    private readonly List<string> _leases = [];
    private volatile string _under = "";
    private EventLimits _limits;

    public RedisEventStore(RedisShard shard, string node, RedisMetrics metrics)
    {
        (_shard, _keys, _node, _metrics) = (shard, shard.Place.Keys, node, metrics);
        shard.Hear(_keys.EventNews, _ => OnAdded());
    }

    /// <summary>This node's name, from which ids of events are made.</summary>
    public string Node => _node;

    public bool Survives => true;

    public Action OnAdded { get; set; } = static () => { };

    public Action OnForgotten { get; set; } = static () => { };

    /// <summary>The node's lease on the first server. Set before anything is added.</summary>
    public void Hold(NodeLease lease) => _lease = lease;

    /// <summary>What a script needs to tell these receivers, a bit for each, behind the event itself.</summary>
    public RedisValue[] ArgumentsOf(ulong receivers)
    {
        var (queue, state) = _keys.BeforeReceiver;
        return [Ids(receivers), _keys.EventNews, Limits.Events, Limits.Bytes, KeyLife, queue, state];
    }

    public Task StartAsync(IReadOnlyList<string> receivers, EventLimits limits, CancellationToken cancellationToken)
    {
        _receivers = receivers;
        _limits = limits with { Bytes = limits.Bytes / receivers.Count };
        return Task.CompletedTask;
    }

    public async Task<int> AddAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        var link = await _shard.GetLinkAsync(default, cancellationToken).ConfigureAwait(false);
        var lease = _under;
        if (lease != _lease!.Id)
        {
            throw new BrokerUnavailableException("The node's lease in Redis has just begun; what the node holds is about to go over to it.");
        }

        var changes = batch.Changes;
        if (batch.HoldsAll)
        {
            await EndUnknownAsync(link, lease, batch.Kept(), cancellationToken).ConfigureAwait(false);
            await TrimAsync(link, batch.Dropped).ConfigureAwait(false);
        }

        for (var next = 0; next == 0 || next < changes.Count; next += AtOnce)
        {
            // What is held is the same however often it is said; a part is told from others by its number.
            var number = batch.HoldsAll ? 0 : (batch.Number * Parts) + next;
            if (await AddAsync(link, lease, number, batch.HoldsAll, changes.Skip(next).Take(AtOnce).SelectMany(Values), cancellationToken).ConfigureAwait(false) == "forgotten")
            {
                return next;
            }
        }

        return changes.Count;
    }

    public async Task<HoldAnswer> TryHoldAsync(int receiver, string state)
    {
        var answer = await HoldAsync(await _shard.GetLinkAsync().ConfigureAwait(false), receiver, EventDelivery.HoldLife, state).ConfigureAwait(false);
        return new HoldAnswer((long)answer[0] == 1, (long)answer[1] == 1, (long)answer[2] == 1);
    }

    public async Task ReleaseAsync(int receiver)
    {
        if (_shard.Link is { } link)
        {
            await HoldAsync(link, receiver, TimeSpan.Zero, "").ConfigureAwait(false);
        }
    }

    public async Task AskAsync(int receiver, EventAsk ask)
    {
        var link = await _shard.GetLinkAsync().ConfigureAwait(false);
        var id = _receivers[receiver];
        await link.Connection.ExecuteAsync("SET", ask == EventAsk.Retry ? _keys.EventRetry(id) : _keys.EventFollowed(id), "1", "PX", Milliseconds(EventAsks.FollowLife)).ConfigureAwait(false);
    }

    public async Task<EventPage> ReadAsync(int receiver, EventPlace after, int most)
    {
        var link = await _shard.GetLinkAsync().ConfigureAwait(false);
        var (queue, state) = KeysOf(receiver);
        var answer = (RedisAnswer[])await link.Connection.EvaluateAsync(
            RedisScript.ReadEvents, [queue, state], [Text(after with { Minor = after.Minor + 1 }), most, EventPage.MostBytes]).ConfigureAwait(false);
        var page = EventPage.Of(Entries(answer), after, most, answer[0].IsNull ? 0 : (long)answer[0], !answer[1].IsNull);
        foreach (var _ in page.Unreadable)
        {
            _metrics.Dropped("events");
        }

        return page with { First = answer[2].IsNull ? new EventPlace(long.MaxValue) : Place((string)answer[2]), HasMore = page.HasMore || (long)answer[3] == 1, Erasures = (long)answer[4] };
    }

    public async Task<int> RemoveAsync(int receiver, IReadOnlyList<QueuedEvent> events, long trimmed)
    {
        var link = await _shard.GetLinkAsync().ConfigureAwait(false);
        var (queue, state) = KeysOf(receiver);
        RedisValue[] arguments = [trimmed, .. events.SelectMany(static one => (RedisValue[])[Text(one.Place), one.Json.Length])];
        return (int)(long)await link.Connection.EvaluateAsync(RedisScript.RemoveEvents, [queue, state], arguments).ConfigureAwait(false);
    }

    public async Task EraseAsync(ErasedMessages erased, CancellationToken cancellationToken)
    {
        var link = await _shard.GetLinkAsync(default, cancellationToken).ConfigureAwait(false);
        var (queue, state) = _keys.BeforeReceiver;
        foreach (var id in (string[])await link.Connection.ExecuteAsync("SMEMBERS", _keys.EventReceivers).ConfigureAwait(false))
        {
            var found = await FindAsync(link, queue + id, erased).ConfigureAwait(false);
            if (found.Length > 0)
            {
                await link.Connection.EvaluateAsync(RedisScript.EraseEvents, [queue + id, state + id], found, cancellationToken).ConfigureAwait(false);
            }
        }

        await link.Connection.PublishAsync(_keys.EventNews, []).ConfigureAwait(false);
    }

    public async Task EndAsync(int receiver)
    {
        var link = await _shard.GetLinkAsync().ConfigureAwait(false);
        var (queue, state) = KeysOf(receiver);
        await link.Connection.ExecuteAsync("HSET", state, "x", "1").ConfigureAwait(false);
        await link.Connection.ExecuteAsync("HDEL", state, "b", "t").ConfigureAwait(false);
        await link.Connection.ExecuteAsync("UNLINK", queue).ConfigureAwait(false);
    }

    public async Task<EventQueueFigures> CountAsync(int receiver)
    {
        var link = await _shard.GetLinkAsync().ConfigureAwait(false);
        var (queue, state) = KeysOf(receiver);
        var values = (RedisAnswer[])await link.Connection.ExecuteAsync("HMGET", state, "b", "t", "d").ConfigureAwait(false);
        var count = (long)await link.Connection.ExecuteAsync("XLEN", queue).ConfigureAwait(false);
        return new EventQueueFigures(count, values[0].IsNull ? 0 : (long)values[0], values[1].IsNull ? 0 : (long)values[1], values[2].IsNull ? null : (string)values[2]);
    }

    // What was held under the lease before is held under this one, in one step, before anything is added under it; what else has happened since follows all that the node holds.
    async Task ILeased.PutAsync(RedisLink link, string lease, string ended)
    {
        if (_receivers.Count == 0)
        {
            _under = lease;
            return;
        }

        await GoOverAsync(link, lease).ConfigureAwait(false);
        if (_under.Length == 0)
        {
            // With the node, not with each of its links: who has unsubscribed is asked again.
            foreach (var (receiver, state) in _receivers.Select((receiver, index) => (receiver, KeysOf(index).State)))
            {
                await link.Connection.ExecuteAsync("SADD", _keys.EventReceivers, receiver).ConfigureAwait(false);
                await link.Connection.ExecuteAsync("HDEL", state, "x").ConfigureAwait(false);
            }
        }

        _under = lease;
        OnForgotten();
    }

    async Task ILeased.KeepAsync(RedisLink link, string lease)
    {
        if (_receivers.Count > 0 && (long)await link.Connection.ExecuteAsync("HEXISTS", _keys.Leased(lease, Kind), "").ConfigureAwait(false) == 0)
        {
            OnForgotten();
        }
    }

    // Also by nodes that tell nobody: the one that has ended may have been the only one that did.
    async Task ILeased.SweepAsync(RedisLink link, string ended)
    {
        var (queue, state) = _keys.BeforeReceiver;
        long left;
        do
        {
            left = (long)await link.Connection.EvaluateAsync(
                RedisScript.SweepEvents,
                [_keys.Leased(ended, Kind), _keys.EventCounts],
                [AtOnce, _keys.EventNews, Limits.Events, Limits.Bytes, KeyLife, queue, state]).ConfigureAwait(false);
        }
        while (left > 0);
    }

    private static async Task<RedisValue[]> FindAsync(RedisLink link, string queue, ErasedMessages erased)
    {
        List<RedisValue> found = [];
        var from = "-";
        RedisAnswer[] entries;
        do
        {
            entries = (RedisAnswer[])await link.Connection.ExecuteAsync("XRANGE", queue, from, "+", "COUNT", AtOnce).ConfigureAwait(false);
            foreach (var parts in entries.Select(static entry => (RedisAnswer[])entry))
            {
                from = "(" + (string)parts[0];
                if ((RedisAnswer[])parts[1] is { Length: 2 } fields && QueuedEvent.Read(default, (byte[])fields[1]) is { } one && erased.Has(one))
                {
                    found.Add((string)parts[0]);
                }
            }
        }
        while (entries.Length == AtOnce);

        return [.. found];
    }

    private async Task GoOverAsync(RedisLink link, string lease)
    {
        var before = _leases.ToArray();
        _leases.Add(lease);
        foreach (var one in before)
        {
            if ((long)await link.Connection.ExecuteAsync("EXISTS", _keys.Leased(one, Kind)).ConfigureAwait(false) == 0)
            {
                continue;
            }

            try
            {
                await link.Connection.ExecuteAsync("RENAME", _keys.Leased(one, Kind), _keys.Leased(lease, Kind)).ConfigureAwait(false);
            }
            catch (BrokerUnavailableException error) when (error.InnerException is StackExchange.Redis.RedisServerException)
            {
                // Somebody has just taken all of it out.
            }
        }

        _leases.RemoveRange(0, before.Length);
    }

    // What the node held before, and holds no more, without knowing how it ended.
    private async Task EndUnknownAsync(RedisLink link, string lease, HashSet<string> kept, CancellationToken cancellationToken)
    {
        var known = (RedisAnswer[])await link.Connection.ExecuteAsync("HKEYS", _keys.Leased(lease, Kind)).ConfigureAwait(false);
        foreach (var some in known.Select(static key => (string)key).Where(key => key.Length > 0 && !kept.Contains(key)).Chunk(AtOnce))
        {
            await AddAsync(link, lease, 0, holdsAll: true, some.SelectMany(static key => (RedisValue[])["w", key, "", "", ""]), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<RedisAnswer[]> HoldAsync(RedisLink link, int receiver, TimeSpan life, string state)
    {
        var id = _receivers[receiver];
        return (RedisAnswer[])await link.Connection.EvaluateAsync(
            RedisScript.HoldEvents,
            [_keys.EventHolder(id), KeysOf(receiver).State, _keys.EventFollowed(id), _keys.EventRetry(id)],
            [_node, Milliseconds(life), state, KeyLife]).ConfigureAwait(false);
    }

    private EventLimits Limits => _limits == default ? EventLimits.OfProcess() : _limits;

    private async Task<string> AddAsync(RedisLink link, string lease, long number, bool holdsAll, IEnumerable<RedisValue> changes, CancellationToken cancellationToken)
    {
        var (queue, state) = _keys.BeforeReceiver;
        var answer = (RedisAnswer[])await link.Connection.EvaluateAsync(
            RedisScript.AddEvents,
            [_keys.Leased(lease, Kind), _keys.EventCounts, _keys.EventBatch(_node), _keys.Leases],
            [lease, number, holdsAll ? "1" : "0", _keys.EventNews, Limits.Events, Limits.Bytes, KeyLife, queue, state, .. changes],
            cancellationToken).ConfigureAwait(false);
        return (string)answer[0] is var text && text == "ended" ? throw new BrokerUnavailableException("The node's lease in Redis has ended; a new one is about to begin.") : text;
    }

    private async Task TrimAsync(RedisLink link, long dropped)
    {
        foreach (var (_, state) in dropped > 0 ? _receivers.Select((_, index) => KeysOf(index)) : [])
        {
            await link.Connection.ExecuteAsync("HINCRBY", state, "t", dropped).ConfigureAwait(false);
        }
    }

    private RedisValue[] Values(EventChange change) => change.Kind switch
    {
        EventChangeKind.Tell => ["t", "", change.ToJson(_node), Ids(change.Receivers), ""],
        EventChangeKind.Release => ["r", change.Key, change.Receivers == 0 ? "" : change.ToJson(_node), Ids(change.Receivers), ""],
        _ => ["h", change.Key, change.Receivers == 0 ? "" : change.ToJson(_node), Ids(change.Receivers), (byte[])[.. System.Text.Encoding.ASCII.GetBytes(Ids(change.WillReceivers) + " "), .. change.ToWill(_node)]],
    };

    private string Ids(ulong receivers) => string.Join(',', _receivers.Where((_, index) => (receivers & (1UL << index)) != 0));

    private (string Queue, string State) KeysOf(int receiver) => (_keys.BeforeReceiver.Queue + _receivers[receiver], _keys.BeforeReceiver.State + _receivers[receiver]);

    private static IEnumerable<(EventPlace Place, ReadOnlyMemory<byte> Json)> Entries(RedisAnswer[] answer)
    {
        for (var i = 5; i < answer.Length; i += 2)
        {
            yield return (Place((string)answer[i]), (byte[])answer[i + 1]);
        }
    }

    private static string Text(EventPlace place) => string.Create(CultureInfo.InvariantCulture, $"{place.Major}-{place.Minor}");

    private static EventPlace Place(string id) => id.Split('-') is [var major, var minor]
        ? new EventPlace(long.Parse(major, CultureInfo.InvariantCulture), long.Parse(minor, CultureInfo.InvariantCulture))
        : default;

    private static string Milliseconds(TimeSpan span) => ((long)span.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
}
