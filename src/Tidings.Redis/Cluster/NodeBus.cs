using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Nodes;
using Tidings.Redis.Servers;

namespace Tidings.Redis.Cluster;

/// <summary>Requests between nodes: one PUBLISH reaches all of them, and says how many answers there will be; these come to a channel of the asker's own.</summary>
internal sealed partial class NodeBus : INodes
{
    // What others ask for and is not done at once. Beyond, they go without an answer.
    private const int MostAtOnce = 1000;

    private readonly RedisShard[] _shards;
    private readonly string _node;
    private readonly ClusterSeal _seal;
    private readonly TimeProvider _time;
    private readonly RedisMetrics _metrics;
    private readonly ILogger _log;
    private readonly RedisPeers _peers;
    private readonly ConcurrentDictionary<long, NodeQuestion> _questions = new();
    private long _ids;
    private int _atOnce;

    public NodeBus(RedisShard[] shards, string node, ClusterSeal seal, TimeProvider time, RedisMetrics metrics, ILogger log, RedisPeers peers)
    {
        _shards = shards;
        _node = node;
        _seal = seal;
        _time = time;
        _metrics = metrics;
        _log = log;
        _peers = peers;
        foreach (var shard in shards)
        {
            shard.Hear(shard.Place.Keys.Nodes, published => Take(shard, published));
            shard.Hear(shard.Place.Keys.Answers(node), published => TakeAnswer(shard, published));
        }
    }

    /// <summary>Who carries out what others ask for; null while nobody does.</summary>
    public INodeWork? Work { get; set; }

    public bool IsAlone => false;

    public async Task<int> AskAsync(NodeRequest request, CancellationToken cancellationToken = default)
    {
        var link = await LinkOf(request).ConfigureAwait(false);
        var id = Interlocked.Increment(ref _ids);
        var question = _questions[id] = new NodeQuestion();
        try
        {
            var heard = await link.Connection.PublishAsync(link.Keys.Nodes, _seal.Seal(link.Keys.Nodes, NodeMessage.Encode(_node, id, request))).ConfigureAwait(false);
            return await question.AnsweredAsync((int)heard - 1, _time, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _questions.TryRemove(id, out _);
        }
    }

    public async Task<NodeAnswers> CollectAsync(NodeRequest request, CancellationToken cancellationToken = default)
    {
        var link = await LinkOf(request).ConfigureAwait(false);
        var peers = await _peers.ReadAsync(await _shards[0].GetLinkAsync(default, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        var id = Interlocked.Increment(ref _ids);
        var question = _questions[id] = new NodeQuestion();
        try
        {
            var heard = await link.Connection.PublishAsync(link.Keys.Nodes, _seal.Seal(link.Keys.Nodes, NodeMessage.Encode(_node, id, request))).ConfigureAwait(false);
            await question.AnsweredAsync((int)heard - 1, _time, cancellationToken).ConfigureAwait(false);
            var answers = question.Answers;
            return new NodeAnswers(answers, [.. peers.Except(answers.Select(static answer => answer.Node), StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
        }
        finally
        {
            _questions.TryRemove(id, out _);
        }
    }

    public async Task TellAsync(NodeRequest request)
    {
        var link = await LinkOf(request).ConfigureAwait(false);
        await link.Connection.PublishAsync(link.Keys.Nodes, _seal.Seal(link.Keys.Nodes, NodeMessage.Encode(_node, 0, request))).ConfigureAwait(false);
    }

    // One name, one server: what is asked of one name keeps its order.
    private ValueTask<RedisLink> LinkOf(NodeRequest request) => _shards[RedisSpread.IndexOf(request.Name, _shards.Length)].GetLinkAsync();

    private void Take(RedisShard shard, byte[] published)
    {
        if (!_seal.TryOpen(shard.Place.Keys.Nodes, published, out var content) || NodeMessage.Decode(content) is not var (node, id, request))
        {
            Drop(published);
            return;
        }

        if (node == _node || Work is not { } work)
        {
            return;
        }

        if (request.Action == NodeAction.List)
        {
            _ = AnswerListAsync(shard, node, id, work, request);
            return;
        }

        // What can be done at once is done here, in the order in which it was asked for.
        var doing = work.CarryOutAsync(request);
        if (!doing.IsCompleted && Interlocked.Increment(ref _atOnce) > MostAtOnce)
        {
            id = 0;
        }

        _ = AnswerAsync(shard, node, id, doing, !doing.IsCompleted);
    }

    private async Task AnswerAsync(RedisShard shard, string node, long id, ValueTask<int> doing, bool later)
    {
        try
        {
            var count = await doing.ConfigureAwait(false);
            if (id > 0 && shard.Link is { } link)
            {
                await link.Connection.PublishAsync(link.Keys.Answers(node), _seal.Seal(link.Keys.Answers(node), NodeMessage.EncodeAnswer(_node, id, count))).ConfigureAwait(false);
            }
        }
        catch (BrokerUnavailableException)
        {
            // Who asked does not wait for long.
        }
#pragma warning disable CA1031 // A request that fails here fails here alone.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogFailed(error);
        }
        finally
        {
            if (later)
            {
                Interlocked.Decrement(ref _atOnce);
            }
        }
    }

    private async Task AnswerListAsync(RedisShard shard, string node, long id, INodeWork work, NodeRequest request)
    {
        if (Interlocked.Increment(ref _atOnce) > MostAtOnce)
        {
            Interlocked.Decrement(ref _atOnce);
            return;
        }

        try
        {
            // Not where what others say is heard: it would wait behind the list.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            if (await work.ListAsync(request).ConfigureAwait(false) is { } rows && shard.Link is { } link)
            {
                await link.Connection.PublishAsync(link.Keys.Answers(node), _seal.Seal(link.Keys.Answers(node), NodeMessage.EncodeAnswer(_node, id, rows.Count, NodeListRow.Write(rows)))).ConfigureAwait(false);
            }
        }
        catch (BrokerUnavailableException)
        {
            // Who asked does not wait for long.
        }
#pragma warning disable CA1031 // A request that fails here fails here alone.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogFailed(error);
        }
        finally
        {
            Interlocked.Decrement(ref _atOnce);
        }
    }

    private void TakeAnswer(RedisShard shard, byte[] published)
    {
        if (!_seal.TryOpen(shard.Place.Keys.Answers(_node), published, out var content) || NodeMessage.DecodeAnswer(content) is not var (node, id, count, data))
        {
            Drop(published);
        }
        else if (_questions.TryGetValue(id, out var question))
        {
            question.Add(node, count, data);
        }
    }

    private void Drop(byte[] published)
    {
        if (_metrics.Dropped("nodes"))
        {
            LogDropped(published.Length);
        }
    }

    [LoggerMessage(520, LogLevel.Warning, "Dropped {Bytes} bytes that Redis published among nodes: neither a request nor an answer")]
    private partial void LogDropped(int bytes);

    [LoggerMessage(521, LogLevel.Error, "A request from another node failed")]
    private partial void LogFailed(Exception error);
}
