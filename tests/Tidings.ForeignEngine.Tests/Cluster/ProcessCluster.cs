using Tidings.Messages;

namespace Tidings.ForeignEngine.Tests.Cluster;

/// <summary>What several nodes of one process share: an engine as somebody else could write one, on what is public alone.</summary>
/// <remarks>One lock orders everything: whatever nodes hear, all hear it in one order.</remarks>
public sealed class ProcessCluster
{
    private readonly List<ProcessNode> _nodes = [];

    public ProcessCluster(TimeProvider time)
    {
        Time = time;
        Logs = new ProcessLogs(this);
        Members = new ProcessMembers(this);
        Tasks = new ProcessTasks(this);
        Streams = new ProcessStreams(64 << 20);
        Tickets = new ProcessTickets(this);
        Users = new ProcessUsers(this);
    }

    public Lock Gate { get; } = new();

    public TimeProvider Time { get; }

    /// <summary>Unix milliseconds, the same for all nodes.</summary>
    public long Now => Time.GetUtcNow().ToUnixTimeMilliseconds();

    public ProcessLogs Logs { get; }

    public ProcessMembers Members { get; }

    public ProcessTasks Tasks { get; }

    public ProcessStreams Streams { get; }

    public ProcessTickets Tickets { get; }

    public ProcessUsers Users { get; }

    public IReadOnlyList<ProcessNode> Nodes
    {
        get
        {
            lock (Gate)
            {
                return [.. _nodes];
            }
        }
    }

    public void Join(ProcessNode node)
    {
        lock (Gate)
        {
            _nodes.Add(node);
        }

        Users.Tell(node);
    }

    /// <summary>A node has ended: what it held ends.</summary>
    public void Leave(ProcessNode node)
    {
        lock (Gate)
        {
            if (!_nodes.Remove(node))
            {
                return;
            }
        }

        Members.Leave(node.Name);
        Users.Leave(node);
    }

    /// <summary>Delivers a message of a log to every node; back ends are told of it by one.</summary>
    public void Deliver(Message message)
    {
        for (var i = 0; i < _nodes.Count; i++)
        {
            (i == 0 ? _nodes[i].Messages : _nodes[i].Channels).Deliver(message);
        }
    }

    /// <summary>Delivers a message beside its channel to every node.</summary>
    public void Deliver(string channel, Message message) => _nodes.ForEach(node => node.Channels.Deliver(channel, message));

    public bool HasSubscribers(string channel) => _nodes.Exists(node => node.Channels.HasSubscribers(channel));
}
