using Tidings.Brokers;
using Tidings.Feeds;
using Tidings.Messages;
using Tidings.PostgreSql.Databases;
using Tidings.Protocol;

namespace Tidings.PostgreSql.Logs;

/// <summary>Logs on PostgreSQL: what a node publishes at about the same time is one statement there, whatever the number of nodes and subscribers. Safe from any thread.</summary>
internal sealed class PostgreSqlBroker : IBroker, ILogReader
{
    /// <summary>The most messages that a feed reads at once.</summary>
    public const int PageSize = 500;

    private readonly PostgreSqlServer _server;
    private readonly PublishQueue _publishing;
    private readonly ReadQueue _reading;
    private readonly FeedSet _feeds;
    private readonly PostgreSqlOptions _options;
    private readonly PostgreSqlMetrics _metrics;
    private readonly KeyRates _keyRates;
    private readonly ErasedBytes _erased;

    public PostgreSqlBroker(
        PostgreSqlServer server, PublishQueue publishing, ReadQueue reading, Func<ILogReader, FeedSet> feeds, ErasedBytes erased, PostgreSqlOptions options, TimeProvider time, PostgreSqlMetrics metrics)
    {
        (_server, _publishing, _reading, _erased, _options, _metrics) = (server, publishing, reading, erased, options, metrics);
        _keyRates = new KeyRates(time);
        _feeds = feeds(this);
    }

    /// <summary>The messages that back ends are told of; null where they are told of none.</summary>
    public Events.ToldMessages? Told { get; init; }

    /// <summary>How many channels this node hears.</summary>
    public int Heard => _feeds.Count;

    public ValueTask<StreamPosition?> PublishAsync(Publication publication, CancellationToken cancellationToken = default)
    {
        if (Told?.ReceiversOf(publication) is { } receivers and not 0)
        {
            return PublishAndTellAsync(publication, receivers, cancellationToken);
        }

        // It takes its place in line at once: what one caller says keeps its order.
        return _server.Link is not null && (publication.IdempotencyKey is null || publication.Sender.IsServer)
            ? new(_publishing.AddAsync(PublishItem.Of(publication)).WaitAsync(cancellationToken))
            : PublishLaterAsync(publication, null, "", cancellationToken);
    }

    public async ValueTask ReleaseAsync(string channel, IReadOnlyList<string> idempotencyKeys, CancellationToken cancellationToken = default)
    {
        var link = await _server.GetLinkAsync(default, cancellationToken).ConfigureAwait(false);
        await new Statement(
            "UPDATE tidings.once SET until = least(until, tidings.now_1() + $3) WHERE channel = $1 AND key = ANY ($2)",
            channel,
            idempotencyKeys.Select(PublishItem.Hash).ToArray(),
            (long)Retention.IdempotencyWindow.TotalMilliseconds).AskAsync(link.Database, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<int> EraseAsync(string channel, StreamPosition? position, CancellationToken cancellationToken = default)
    {
        var link = await _server.GetLinkAsync(_options.PublishWait, cancellationToken).ConfigureAwait(false);
        object? birth = null;
        if (position is { } place)
        {
            var now = await _reading.ReadAsync(link, new ReadRequest(channel, 0, 0, IsLast: false, 0, State: false), cancellationToken).ConfigureAwait(false);
            if (now.Top.Epoch != place.Epoch)
            {
                return 0;
            }

            birth = now.Birth;
        }

        var erased = await new Statement(
            "SELECT tidings.erase_1($1, $2, $3, $4, $5, $6)",
            link.Generation, channel, birth ?? Null.Number, position is { } at ? at.Offset : Null.Number, LogEntry.Removed, LogEntry.Cleared).AskAsync(link.Database, cancellationToken).ConfigureAwait(false);
        await new Statement("SELECT pg_notify('tidings', '')").AskAsync(link.Database, cancellationToken).ConfigureAwait(false);
        if (erased is int and > 0)
        {
            _erased.Note();
        }

        return (int)erased!;
    }

    public ValueTask ListenAsync(string channel, CancellationToken cancellationToken = default) => new(_feeds.ListenAsync(channel, cancellationToken));

    public async ValueTask<HistoryPart> ReadAsync(string channel, HistoryRequest request, CancellationToken cancellationToken = default)
    {
        var link = await _server.GetLinkAsync(_options.PublishWait, cancellationToken).ConfigureAwait(false);
        var most = request.Limit ?? int.MaxValue;

        // Where none is wanted one is read all the same: it says whether what lies next to the position is there.
        var wanted = request switch
        {
            { Before: { } end } => new ReadRequest(channel, 0, end.Offset, IsLast: true, end.Offset > 1 ? Math.Max(1, most) : 0, request.State),
            { Oldest: true } => new ReadRequest(channel, 0, long.MaxValue, IsLast: false, most, request.State),
            { Since: { } start } => new ReadRequest(channel, start.Offset, long.MaxValue, IsLast: false, Math.Max(1, most), request.State),
            _ => new ReadRequest(channel, 0, long.MaxValue, IsLast: true, Math.Min(request.Last, most), request.State),
        };
        var answer = await _reading.ReadAsync(link, wanted, cancellationToken).ConfigureAwait(false);
        var (top, found) = (answer.Top, Decode(channel, answer));
        var part = request switch
        {
            { Before: { } before } => Before(top, found, before, most),
            { Since: { } since } => Since(top, found, since, most),
            { Oldest: true } => new HistoryPart(top, Recovered: true, [.. found.TakeWhile((message, index) => message.Offset == found[0].Offset + index)]),
            _ => new HistoryPart(top, Recovered: true, WithoutHoles(found, top.Offset)),
        };
        return request.State ? part with { State = StatePart.Cut(channel, DecodeState(channel, answer)) } : part;
    }

    public async Task<LogPart> ReadLogAsync(string channel, StreamPosition? since)
    {
        var link = await _server.GetLinkAsync(_options.PublishWait).ConfigureAwait(false);
        var answer = await _reading.ReadAsync(link, new ReadRequest(channel, since?.Offset ?? 0, long.MaxValue, IsLast: false, since is null ? 0 : PageSize, State: false)).ConfigureAwait(false);
        if (since is not { } seen || seen.Epoch != answer.Top.Epoch)
        {
            // Of another log, or of another generation, those who listen are told that they do not know it.
            return new LogPart(answer.Top, [], More: false);
        }

        if (seen.Offset > answer.Top.Offset)
        {
            // What was shown is not there any more: the next message would get its place.
            await _server.EndGenerationAsync(link).ConfigureAwait(false);
            throw new BrokerUnavailableException("PostgreSQL has lost messages; the logs begin another generation.");
        }

        var messages = Decode(channel, answer);
        return new LogPart(answer.Top, messages, messages.Count >= PageSize && messages[^1].Offset < answer.Top.Offset);
    }

    private static HistoryPart Before(StreamPosition top, List<Message> found, StreamPosition before, int most)
    {
        var last = Math.Min(before.Offset - 1, top.Offset);
        var messages = WithoutHoles(found, last);
        return before.Epoch != top.Epoch || (last > 0 && messages.Count == 0)
            ? new HistoryPart(top, Recovered: false, [])
            : new HistoryPart(top, Recovered: true, most == 0 ? [] : messages);
    }

    private static HistoryPart Since(StreamPosition top, List<Message> found, StreamPosition since, int most)
    {
        var follows = found.Count > 0 ? found.Index().All(entry => entry.Item.Offset == since.Offset + 1 + entry.Index) : since.Offset == top.Offset;
        return since.Epoch != top.Epoch || since.Offset > top.Offset || !follows
            ? new HistoryPart(top, Recovered: false, [])
            : new HistoryPart(top, Recovered: true, most == 0 ? [] : found);
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

    private async ValueTask<StreamPosition?> PublishLaterAsync(Publication publication, byte[]? what, string told, CancellationToken cancellationToken)
    {
        await _server.GetLinkAsync(_options.PublishWait, cancellationToken).ConfigureAwait(false);
        if (publication is { IdempotencyKey: not null, Ephemeral: false } && !_keyRates.TryUse(publication.Sender, out var retryAfter))
        {
            throw new SenderQuotaException("Too many idempotency keys.", retryAfter);
        }

        return await _publishing.AddAsync(PublishItem.Of(publication, what, told)).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<StreamPosition?> PublishAndTellAsync(Publication publication, ulong receivers, CancellationToken cancellationToken)
    {
        var (what, told) = await Told!.OfAsync(publication, receivers, cancellationToken).ConfigureAwait(false);
        return await PublishLaterAsync(publication, what, told, cancellationToken).ConfigureAwait(false);
    }

    private List<Message> Decode(string channel, ReadAnswer answer)
    {
        var messages = new List<Message>(answer.Messages.Count);
        foreach (var (place, time, payload) in answer.Messages)
        {
            messages.Add(_metrics.Decode(channel, answer.Top with { Offset = place }, time, payload));
        }

        return messages;
    }

    private List<Message> DecodeState(string channel, ReadAnswer answer)
    {
        var entries = new List<Message>(answer.State.Count);
        foreach (var (place, time, payload) in answer.State)
        {
            if (_metrics.Decode(channel, answer.Top with { Offset = place }, time, payload) is { Kind: MessageKind.Message, Key: not null } entry)
            {
                entries.Add(entry);
            }
        }

        return entries;
    }
}
