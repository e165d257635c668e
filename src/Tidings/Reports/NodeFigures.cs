using System.Diagnostics.Metrics;
using Tidings.Channels;
using Tidings.Connections;
using Tidings.Lanes;

namespace Tidings.Reports;

/// <summary>Where a node's figures come from.</summary>
internal sealed class NodeFigures(string node, IMeterFactory meters, ConnectionRegistry registry, ConnectionDirectory directory, Hub hub, LaneSet lanes, Func<bool> isAvailable, Func<DirectoryFigures?> readDirectory, string version)
{
    private readonly string _name = $"{Environment.MachineName}/{Environment.ProcessId}";
    private readonly long _started = registry.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Begins to count what is counted for reports alone.</summary>
    public NodeRates Begin() => new(meters, registry.Time);

    public NodeReport Read(NodeRates rates)
    {
        var (connections, perSecond, latencies, processors) = rates.Take();
        return new NodeReport
        {
            Node = node,
            Name = _name,
            Version = version,
            Started = _started,
            Time = registry.Time.GetUtcNow().ToUnixTimeMilliseconds(),
            Connections = connections,
            Users = directory.UserCount,
            Channels = hub.Channels - (hub.HasSubscribers(NodeReports.Channel) ? 1 : 0),
            Received = perSecond[NodeRates.Received],
            Sent = perSecond[NodeRates.Sent],
            BytesReceived = perSecond[NodeRates.BytesReceived],
            BytesSent = perSecond[NodeRates.BytesSent],
            Publishes = perSecond[NodeRates.Publishes],
            LatencyP50 = latencies?[0],
            LatencyP99 = latencies?[1],
            Memory = Environment.WorkingSet,
            Heap = GC.GetTotalMemory(forceFullCollection: false),
            Cpu = processors,
            QueueBytes = lanes.All.Sum(static lane => lane.QueuedBytes),
            Directory = readDirectory(),
            Available = isAvailable(),
            Draining = registry.IsDraining,
            Short = registry.Shedder?.Reason,
        };
    }
}
