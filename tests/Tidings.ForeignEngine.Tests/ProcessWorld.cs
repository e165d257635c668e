using Tidings.Brokers;
using Tidings.ForeignEngine.Tests.Cluster;
using Tidings.Messages;
using Tidings.Presence;
using Tidings.Specification;

namespace Tidings.ForeignEngine.Tests;

/// <summary>Nodes of one test, without an application: their channels, and their part in the cluster.</summary>
internal sealed class ProcessWorld
{
    public ProcessWorld() => Cluster = new ProcessCluster(Time);

    public Testing.ManualTime Time { get; } = new();

    public ProcessCluster Cluster { get; }

    public EngineNode Start() => new Node(Cluster, $"node{Cluster.Nodes.Count}");

    private sealed class Node : EngineNode
    {
        private readonly ProcessCluster _cluster;
        private readonly NodeChannels _channels = new();

        public Node(ProcessCluster cluster, string name)
        {
            _cluster = cluster;
            Presence = new ProcessPresence(cluster, new ProcessNode(cluster, name, _channels));
        }

        public override IBroker Broker => _cluster.Logs;

        public override IPresenceStore Presence { get; }

        public override void Listen(IMessageListener listener, string channel) => _channels.Listen(listener, channel);

        public override void EndListening(IMessageListener listener, string channel) => _channels.EndListening(listener, channel);
    }
}
