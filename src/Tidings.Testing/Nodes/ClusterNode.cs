using Tidings.Brokers;
using Tidings.Clients;
using Tidings.Connections;
using Tidings.Engine;
using Tidings.Nodes;
using Tidings.Presence;
using Tidings.Security.Identities;
using Tidings.Streams;
using Tidings.Tasks;

namespace Tidings.Testing;

/// <summary>One node of a <see cref="TestCluster"/>.</summary>
internal sealed class ClusterNode(TestCluster cluster, BackplaneSite site, TestCluster.Shared shared) : IBackplane, INodes
{
    private INodeWork? _work;

    public BackplaneSite Site => site;

    public string Name => "memory";

    public IBroker Broker => shared.Broker;

    public IBrokerClock Clock => shared.Clock;

    public IPresenceStore Presence => shared.Presence;

    public INodes Nodes => this;

    public IRevocationLog Revocations { get; } = new NoSharedRevocations();

    public ITicketStore Tickets => shared.Tickets;

    public ITaskStore Tasks => shared.Tasks;

    public IStreamStore Streams => shared.Streams;

    public ILastSeen LastSeen => shared.LastSeen;

    public bool IsAvailable => true;

    public bool IsAlone => false;

    public void Serve(INodeWork work, ConnectionRegistry connections, ClientRegistry clients) => _work = work;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<int> AskAsync(NodeRequest request, CancellationToken cancellationToken = default)
    {
        var count = 0;
        foreach (var other in cluster.Others(this))
        {
            count += other._work is { } work ? await work.CarryOutAsync(request) : 0;
        }

        return count;
    }

    public async Task<NodeAnswers> CollectAsync(NodeRequest request, CancellationToken cancellationToken = default)
    {
        List<(string, ReadOnlyMemory<byte>)> answers = [];
        foreach (var other in cluster.Others(this))
        {
            if (other._work is { } work && await work.ListAsync(request) is { } rows)
            {
                answers.Add((other.Site.Node, NodeListRow.Write(rows)));
            }
        }

        return new NodeAnswers(answers, []);
    }

    public Task TellAsync(NodeRequest request) => AskAsync(request);

    public ValueTask DisposeAsync()
    {
        cluster.Leave(this);
        return ValueTask.CompletedTask;
    }
}
