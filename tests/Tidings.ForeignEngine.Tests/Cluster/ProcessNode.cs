using Tidings.Brokers;
using Tidings.Engine;
using Tidings.Messages;
using Tidings.Nodes;

namespace Tidings.ForeignEngine.Tests.Cluster;

/// <summary>One node's part in a cluster.</summary>
public sealed class ProcessNode : IEngine, INodes, IBrokerClock, IAsyncDisposable
{
    private readonly ProcessCluster _cluster;

    public ProcessNode(ProcessCluster cluster, string name, IMessageSink channels)
    {
        (_cluster, Name, Messages, Channels) = (cluster, name, channels, channels);
        cluster.Join(this);
    }

    public ProcessNode(ProcessCluster cluster, EngineSite site)
    {
        ArgumentNullException.ThrowIfNull(site);
        (_cluster, Name, Messages, Channels, Site) = (cluster, site.Node, site.Messages, site.Channels, site);
        cluster.Join(this);
    }

    public string Name { get; }

    public IMessageSink Messages { get; }

    public IMessageSink Channels { get; }

    /// <summary>What the node says of itself; null in tests that have none.</summary>
    public EngineSite? Site { get; }

    string IEngine.Name => "process";

    public bool IsAvailable => true;

    public bool IsAlone => false;

    public long Now => _cluster.Now;

    private IEnumerable<INodeWork> Others => _cluster.Nodes.Where(node => node != this && node.Site is not null).Select(static node => node.Site!.Work);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<int> AskAsync(NodeRequest request, CancellationToken cancellationToken = default)
    {
        var sum = 0;
        foreach (var other in Others)
        {
            sum += await other.CarryOutAsync(request);
        }

        return sum;
    }

    public async Task<NodeAnswers> CollectAsync(NodeRequest request, CancellationToken cancellationToken = default)
    {
        List<(string, ReadOnlyMemory<byte>)> answers = [];
        foreach (var node in _cluster.Nodes.Where(node => node != this && node.Site is not null))
        {
            if (await node.Site!.Work.ListAsync(request) is { } rows)
            {
                answers.Add((node.Name, NodeListRow.Write(rows)));
            }
        }

        return new NodeAnswers(answers, []);
    }

    public Task TellAsync(NodeRequest request) => AskAsync(request);

    public ValueTask DisposeAsync()
    {
        _cluster.Leave(this);
        return ValueTask.CompletedTask;
    }
}
