using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Nodes;
using Tidings.PostgreSql.Databases;

namespace Tidings.PostgreSql.Cluster;

/// <summary>Requests between nodes, said in passing as messages are: all nodes hear them, and answer the one that asks.</summary>
internal sealed partial class NodeBus : INodes
{
    // No channel has such a name.
    private const string Requests = "\u0003nodes";
    private const string Answers = "\u0003answers:";

    // What others ask for and is not done at once. Beyond, they go without an answer.
    private const int MostAtOnce = 1000;

    private readonly PostgreSqlServer _server;
    private readonly Func<string, byte[], Task> _say;
    private readonly string _node;
    private readonly ClusterSeal _seal;
    private readonly TimeProvider _time;
    private readonly PostgreSqlMetrics _metrics;
    private readonly ILogger _log;
    private readonly ConcurrentDictionary<long, NodeQuestion> _questions = new();
    private long _ids;
    private int _atOnce;

    /// <param name="server">Where.</param>
    /// <param name="say">Says something in passing, in the order of the calls.</param>
    /// <param name="node">This node's name.</param>
    /// <param name="seal">Seals what is said.</param>
    /// <param name="time">Time.</param>
    /// <param name="metrics">What counts.</param>
    /// <param name="log">Where it logs.</param>
    public NodeBus(
        PostgreSqlServer server, Func<string, byte[], Task> say, string node, ClusterSeal seal, TimeProvider time, PostgreSqlMetrics metrics, ILogger log)
    {
        (_server, _say, _node, _seal, _time, _metrics, _log) = (server, say, node, seal, time, metrics, log);
        server.Hear(Requests, Take);
        server.Hear(Answers + node, TakeAnswer);
    }

    /// <summary>Who carries out what others ask for; null while nobody does.</summary>
    public INodeWork? Work { get; set; }

    public bool IsAlone => false;

    public async Task<int> AskAsync(NodeRequest request, CancellationToken cancellationToken = default) => (await AskAllAsync(request, cancellationToken).ConfigureAwait(false)).Sum;

    public async Task<NodeAnswers> CollectAsync(NodeRequest request, CancellationToken cancellationToken = default)
    {
        var (_, peers, question) = await AskAllAsync(request, cancellationToken).ConfigureAwait(false);
        var answers = question.Answers;
        return new NodeAnswers(answers, [.. peers.Except(answers.Select(static answer => answer.Node), StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
    }

    public Task TellAsync(NodeRequest request) => SayAsync(Requests, NodeMessage.Encode(_node, 0, request));

    // Who it is asked of is known when the request is on its way, and not before: a node that comes meanwhile hears it, or begins after it.
    private async Task<(int Sum, IReadOnlyList<string> Peers, NodeQuestion Question)> AskAllAsync(NodeRequest request, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _ids);
        var question = _questions[id] = new NodeQuestion();
        try
        {
            await SayAsync(Requests, NodeMessage.Encode(_node, id, request)).ConfigureAwait(false);
            var peers = await PeersAsync(cancellationToken).ConfigureAwait(false);
            return (await question.AnsweredAsync(peers.Count, _time, cancellationToken).ConfigureAwait(false), peers, question);
        }
        finally
        {
            _questions.TryRemove(id, out _);
        }
    }

    private async Task<IReadOnlyList<string>> PeersAsync(CancellationToken cancellationToken)
    {
        var link = await _server.GetLinkAsync(default, cancellationToken).ConfigureAwait(false);
        var names = (string[])(await new Statement("SELECT array(SELECT DISTINCT node FROM tidings.nodes WHERE NOT swept AND leaves IS NULL AND node <> $1 LIMIT 1000)", _node)
            .AskAsync(link.Database, cancellationToken).ConfigureAwait(false))!;
        return [.. names.Where(static name => name.Length is > 0 and <= 64 && name.All(char.IsAsciiLetterOrDigit))];
    }

    private Task SayAsync(string name, byte[] content)
    {
        if (_server.Link is null)
        {
            throw new BrokerUnavailableException("PostgreSQL is away.");
        }

        return _say(name, _seal.Seal(name, content));
    }

    private void Take(byte[] published)
    {
        if (!_seal.TryOpen(Requests, published, out var content) || NodeMessage.Decode(content) is not var (node, id, request))
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
            _ = AnswerListAsync(node, id, work, request);
            return;
        }

        // What can be done at once is done here, in the order in which it was asked for.
        var doing = work.CarryOutAsync(request);
        if (!doing.IsCompleted && Interlocked.Increment(ref _atOnce) > MostAtOnce)
        {
            id = 0;
        }

        _ = AnswerAsync(node, id, doing, !doing.IsCompleted);
    }

    private async Task AnswerAsync(string node, long id, ValueTask<int> doing, bool later)
    {
        try
        {
            var count = await doing.ConfigureAwait(false);
            if (id > 0)
            {
                await SayAsync(Answers + node, NodeMessage.EncodeAnswer(_node, id, count)).ConfigureAwait(false);
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

    private async Task AnswerListAsync(string node, long id, INodeWork work, NodeRequest request)
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
            if (await work.ListAsync(request).ConfigureAwait(false) is { } rows)
            {
                await SayAsync(Answers + node, NodeMessage.EncodeAnswer(_node, id, rows.Count, NodeListRow.Write(rows))).ConfigureAwait(false);
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

    private void TakeAnswer(byte[] published)
    {
        if (!_seal.TryOpen(Answers + _node, published, out var content) || NodeMessage.DecodeAnswer(content) is not var (node, id, count, data))
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

    [LoggerMessage(720, LogLevel.Warning, "Dropped {Bytes} bytes in PostgreSQL among nodes: neither a request nor an answer")]
    private partial void LogDropped(int bytes);

    [LoggerMessage(721, LogLevel.Error, "A request from another node failed")]
    private partial void LogFailed(Exception error);
}
