using Tidings.Brokers;
using Tidings.Events;
using Tidings.PostgreSql.Cluster;
using Tidings.PostgreSql.Databases;

namespace Tidings.PostgreSql.Events;

/// <summary>Events on PostgreSQL: what all nodes hold, each under its lease, and one queue for each receiver. Safe from any thread.</summary>
/// <remarks>What is read was written by somebody who may write in the tables, and may be anything.</remarks>
internal sealed class PostgreSqlEventStore : IEventStore, ILeased
{
    // No channel has such a name.
    private const string News = "\u0003events";
    private const int AtOnce = 200;

    // More than any batch has parts.
    private const long Parts = 1_000_000;

    private readonly PostgreSqlServer _server;
    private readonly string _node;
    private readonly PostgreSqlMetrics _metrics;
    private IReadOnlyList<string> _receivers = [];
    private EventLimits _limits;

    // Under which leases what the node holds may be: one, unless it was not heard whether it went over to the next.
    private readonly List<string> _leases = [];
    private volatile string _under = "";

    public PostgreSqlEventStore(PostgreSqlServer server, string node, PostgreSqlMetrics metrics)
    {
        (_server, _node, _metrics) = (server, node, metrics);
        server.Hear(News, _ => OnAdded());
    }

    /// <summary>This node's name, from which ids of events are made.</summary>
    public string Node => _node;

    /// <summary>The node's lease. Set before anything is added.</summary>
    public NodeLease? Lease { get; set; }

    public bool Survives => true;

    public Action OnAdded { get; set; } = static () => { };

    public Action OnForgotten { get; set; } = static () => { };

    /// <summary>Receivers by their ids, separated by commas.</summary>
    public string Ids(ulong receivers) => receivers == 0 ? "" : string.Join(',', _receivers.Where((_, index) => (receivers & (1UL << index)) != 0));

    public Task StartAsync(IReadOnlyList<string> receivers, EventLimits limits, CancellationToken cancellationToken)
    {
        _receivers = receivers;
        _limits = limits with { Bytes = limits.Bytes / receivers.Count };
        return Task.CompletedTask;
    }

    public async Task<int> AddAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        var link = await _server.GetLinkAsync(default, cancellationToken).ConfigureAwait(false);
        var lease = _under;
        if (lease != Lease!.Id)
        {
            throw new BrokerUnavailableException("The node's lease in PostgreSQL has just begun; what the node holds is about to go over to it.");
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
            var part = changes.Skip(next).Take(AtOnce).ToList();
            if (await AddAsync(link, lease, number, batch.HoldsAll, part, cancellationToken).ConfigureAwait(false) == "forgotten")
            {
                return next;
            }
        }

        return changes.Count;
    }

    public async Task<HoldAnswer> TryHoldAsync(int receiver, string state) => await HoldAsync(
        await _server.GetLinkAsync().ConfigureAwait(false), receiver, EventDelivery.HoldLife, state).ConfigureAwait(false);

    public async Task ReleaseAsync(int receiver)
    {
        if (_server.Link is { } link)
        {
            await HoldAsync(link, receiver, TimeSpan.Zero, "").ConfigureAwait(false);
        }
    }

    public async Task AskAsync(int receiver, EventAsk ask)
    {
        var link = await _server.GetLinkAsync().ConfigureAwait(false);
        var follow = ask == EventAsk.Follow ? (long)EventAsks.FollowLife.TotalMilliseconds : 0;
        await new Statement(
            "UPDATE tidings.receivers SET retries = retries OR $2, followed = greatest(followed, CASE WHEN $3 > 0 THEN tidings.now_1() + $3 ELSE 0 END) WHERE id = $1",
            _receivers[receiver], ask == EventAsk.Retry, follow).AskAsync(link.Database).ConfigureAwait(false);
    }

    public async Task<EventPage> ReadAsync(int receiver, EventPlace after, int most)
    {
        var link = await _server.GetLinkAsync().ConfigureAwait(false);
        var id = _receivers[receiver];
        var (trimmed, ended, first) = await new Statement(
            "SELECT trimmed, ended, (SELECT min(place) FROM tidings.events WHERE receiver = $1) FROM tidings.receivers WHERE id = $1", id).RunAsync(link.Database, static async row =>
                await row.ReadAsync().ConfigureAwait(false)
                    ? (row.GetInt64(0), row.GetBoolean(1), row.IsNull(2) ? long.MaxValue : row.GetInt64(2))
                    : (0L, false, long.MaxValue)).ConfigureAwait(false);
        var entries = await ReadAsync(link, id, after, most).ConfigureAwait(false);
        var page = EventPage.Of(entries, after, most, trimmed, ended);
        foreach (var _ in page.Unreadable)
        {
            _metrics.Dropped("events");
        }

        return page with { First = new EventPlace(first), HasMore = page.HasMore || (most > 0 && entries.Count >= most) };
    }

    public async Task<int> RemoveAsync(int receiver, IReadOnlyList<QueuedEvent> events, long trimmed)
    {
        var link = await _server.GetLinkAsync().ConfigureAwait(false);
        return await new Statement("SELECT tidings.remove_events_1($1, $2, $3)", _receivers[receiver], events.Select(static one => one.Place.Major).ToArray(), trimmed)
            .AskAsync(link.Database).ConfigureAwait(false) is int count ? count : 0;
    }

    public async Task EraseAsync(ErasedMessages erased, CancellationToken cancellationToken)
    {
        var link = await _server.GetLinkAsync(default, cancellationToken).ConfigureAwait(false);
        var receivers = (string[])(await new Statement("SELECT array(SELECT id FROM tidings.receivers)").AskAsync(link.Database, cancellationToken).ConfigureAwait(false))!;
        foreach (var receiver in receivers)
        {
            var found = await FindAsync(link, receiver, erased, cancellationToken).ConfigureAwait(false);
            if (found.Count > 0)
            {
                await new Statement("SELECT tidings.remove_events_1($1, $2, 0)", receiver, found.ToArray()).AskAsync(link.Database, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public async Task EndAsync(int receiver)
    {
        var link = await _server.GetLinkAsync().ConfigureAwait(false);
        await new Statement(
            """
            WITH ended AS (INSERT INTO tidings.receivers (id, ended) VALUES ($1, true) ON CONFLICT (id) DO UPDATE SET ended = true, events = 0, bytes = 0, trimmed = 0)
            DELETE FROM tidings.events WHERE receiver = $1
            """,
            _receivers[receiver]).AskAsync(link.Database).ConfigureAwait(false);
    }

    public async Task<EventQueueFigures> CountAsync(int receiver)
    {
        var link = await _server.GetLinkAsync().ConfigureAwait(false);
        return await new Statement("SELECT events, bytes, trimmed, state FROM tidings.receivers WHERE id = $1", _receivers[receiver]).RunAsync(link.Database, static async row =>
            await row.ReadAsync().ConfigureAwait(false)
                ? new EventQueueFigures(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.IsNull(3) ? null : row.GetString(3))
                : default).ConfigureAwait(false);
    }

    // What was held under the lease before is held under this one, in one step, before anything is added under it; what else has happened since follows all that the node holds.
    async Task ILeased.PutAsync(PostgreSqlLink link, string lease, string ended)
    {
        if (_receivers.Count == 0)
        {
            _under = lease;
            return;
        }

        var before = _leases.ToArray();
        _leases.Add(lease);
        await new Statement("UPDATE tidings.held SET lease = $2 WHERE lease = ANY ($1) AND NOT EXISTS (SELECT FROM tidings.nodes WHERE lease = ANY ($1) AND swept)", before, lease)
            .AskAsync(link.Database).ConfigureAwait(false);
        _leases.RemoveRange(0, before.Length);
        await new Statement(
            "INSERT INTO tidings.queue_limits (events, bytes) VALUES ($1, $2) ON CONFLICT (single) DO UPDATE SET events = excluded.events, bytes = excluded.bytes", _limits.Events, _limits.Bytes)
            .AskAsync(link.Database).ConfigureAwait(false);
        if (_under.Length == 0)
        {
            // With the node, not with each of its links: who has unsubscribed is asked again.
            await new Statement("UPDATE tidings.receivers SET ended = false WHERE id = ANY ($1)", (object)_receivers.ToArray()).AskAsync(link.Database).ConfigureAwait(false);
        }

        _under = lease;
        OnForgotten();
    }

    async Task ILeased.KeepAsync(PostgreSqlLink link, string lease)
    {
        if (_receivers.Count > 0 && await new Statement("SELECT true FROM tidings.held WHERE key = '' AND lease = $1", lease).AskAsync(link.Database).ConfigureAwait(false) is null)
        {
            OnForgotten();
        }
    }

    private static async Task<List<(EventPlace Place, ReadOnlyMemory<byte> Json)>> ReadAsync(PostgreSqlLink link, string receiver, EventPlace after, int most)
    {
        var entries = new List<(EventPlace, ReadOnlyMemory<byte>)>();
        if (most == 0)
        {
            return entries;
        }

        return await new Statement("SELECT place, event FROM tidings.events WHERE receiver = $1 AND place > $2 ORDER BY place LIMIT $3", receiver, after.Major, most).RunAsync(link.Database, async rows =>
        {
            for (var bytes = 0; bytes < EventPage.MostBytes && await rows.ReadAsync().ConfigureAwait(false);)
            {
                var json = rows.Bytes(1);
                bytes += json.Length;
                entries.Add((new EventPlace(rows.GetInt64(0)), json));
            }

            return entries;
        }).ConfigureAwait(false);
    }

    private static async Task<List<long>> FindAsync(PostgreSqlLink link, string receiver, ErasedMessages erased, CancellationToken cancellationToken)
    {
        var found = new List<long>();
        var after = default(EventPlace);
        while (true)
        {
            var part = await ReadAsync(link, receiver, after, AtOnce).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (part.Count == 0)
            {
                return found;
            }

            found.AddRange(part.Where(entry => QueuedEvent.Read(entry.Place, entry.Json) is { } one && erased.Has(one)).Select(static entry => entry.Place.Major));
            after = part[^1].Place;
        }
    }

    // What the node held before, and holds no more, without knowing how it ended.
    private async Task EndUnknownAsync(PostgreSqlLink link, string lease, HashSet<string> kept, CancellationToken cancellationToken)
    {
        var known = (string[])(await new Statement("SELECT array(SELECT key FROM tidings.held WHERE lease = $1 AND key <> '')", lease).AskAsync(link.Database, cancellationToken).ConfigureAwait(false))!;
        foreach (var some in known.Where(key => !kept.Contains(key)).Chunk(AtOnce))
        {
            await RunAsync(
                link, lease, 0, holdsAll: true, [.. some.Select(static _ => "w")], some, [.. some.Select(static _ => Array.Empty<byte>())], [.. some.Select(static _ => "")],
                [.. some.Select(static _ => Array.Empty<byte>())], [.. some.Select(static _ => "")], cancellationToken).ConfigureAwait(false);
        }
    }

    private Task<string> AddAsync(PostgreSqlLink link, string lease, long number, bool holdsAll, List<EventChange> changes, CancellationToken cancellationToken) => RunAsync(
        link,
        lease,
        number,
        holdsAll,
        [.. changes.Select(static change => change.Kind switch { EventChangeKind.Tell => "t", EventChangeKind.Hold => "h", _ => "r" })],
        [.. changes.Select(static change => change.Key)],
        [.. changes.Select(change => change.Receivers == 0 ? [] : change.ToJson(_node))],
        [.. changes.Select(change => Ids(change.Receivers))],
        [.. changes.Select(change => change.Kind == EventChangeKind.Hold ? change.ToWill(_node) : [])],
        [.. changes.Select(change => change.Kind == EventChangeKind.Hold ? Ids(change.WillReceivers) : "")],
        cancellationToken);

    private async Task<string> RunAsync(
        PostgreSqlLink link, string lease, long number, bool holdsAll, string[] kinds, string[] keys, byte[][] events, string[] receivers, byte[][] wills, string[] willReceivers,
        CancellationToken cancellationToken)
    {
        var answer = (string)(await new Statement(
            "SELECT tidings.add_events_1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", lease, _node, number, holdsAll, kinds, keys, events, receivers, wills, willReceivers)
            .AskAsync(link.Database, cancellationToken).ConfigureAwait(false))!;
        await new Statement("SELECT pg_notify('tidings', '')").AskAsync(link.Database, cancellationToken).ConfigureAwait(false);
        return answer == "ended" ? throw new BrokerUnavailableException("The node's lease in PostgreSQL has ended; a new one is about to begin.") : answer;
    }

    private async Task TrimAsync(PostgreSqlLink link, long dropped)
    {
        if (dropped > 0)
        {
            await new Statement("UPDATE tidings.receivers SET trimmed = trimmed + $2 WHERE id = ANY ($1)", _receivers.ToArray(), dropped)
                .AskAsync(link.Database).ConfigureAwait(false);
        }
    }

    private async Task<HoldAnswer> HoldAsync(PostgreSqlLink link, int receiver, TimeSpan life, string state) => await new Statement(
        "SELECT holds, retries, followed FROM tidings.hold_1($1, $2, $3, $4)", _receivers[receiver], _node, (long)life.TotalMilliseconds, state).RunAsync(link.Database, static async row =>
        {
            await row.ReadAsync().ConfigureAwait(false);
            return new HoldAnswer(row.GetBoolean(0), row.GetBoolean(1), row.GetBoolean(2));
        }).ConfigureAwait(false);
}
