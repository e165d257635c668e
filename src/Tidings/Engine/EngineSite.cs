using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Clients;
using Tidings.Connections;
using Tidings.Events;
using Tidings.Lanes;
using Tidings.Messages;
using Tidings.Nodes;
using Tidings.Rules;
using Tidings.Security.Identities;

namespace Tidings.Engine;

/// <summary>The node that parts of an engine are made for: where they deliver, and what they ask of it. A service of the application, which constructors of these parts take.</summary>
/// <remarks>Safe from any thread. What is asked of the node before it has been made finds nothing there.</remarks>
public sealed class EngineSite
{
    private readonly NodeHoldings _holdings = new();
    private readonly StreamOptions _streams;

    internal EngineSite(TidingsOptions options, TimeProvider time, LaneSet lanes, IMeterFactory meters, ILogger log)
    {
        (Time, _streams) = (time, options.Streams);
        var limits = Limits.From(options.Limits);
        Histories = new HistoryBudget(limits.HistoryBytes) { DurableLimit = limits.DurableBytes };
        Events = new EventEngine(Node, time, meters, log);
        Hub = new Hub(time) { Events = Events.Recorder, OnErased = new StaleQueues(lanes, time).OnErased };
        Messages = new RecordedSink(Hub, Events.Recorder);
    }

    /// <summary>The node's name among the others: 16 hexadecimal digits, random, for as long as the process lives.</summary>
    public string Node { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Where a log delivers that notes messages for back ends (<c>message.published</c>): of all nodes one, so that each message is noted once.</summary>
    public IMessageSink Messages { get; }

    /// <summary>The node's channels: where a log delivers on all other nodes, and where presence is told.</summary>
    public IMessageSink Channels => Hub;

    /// <summary>The most bytes that streams may count for, all together.</summary>
    public long StreamBytes => _streams.TotalBytes;

    /// <summary>What this node does for the others.</summary>
    public INodeWork Work => _holdings;

    /// <summary>What this node knows to be revoked.</summary>
    public IRevocationBook Revocations => _holdings;

    /// <summary>The connections of users that this node counts.</summary>
    public IHeldConnections Connections => _holdings;

    /// <summary>The names that clients of this node have.</summary>
    public IHeldNames Names => _holdings;

    internal ChannelKinds Kinds { get; } = new();

    internal Hub Hub { get; }

    /// <summary>What all logs in the node's memory may take.</summary>
    internal HistoryBudget Histories { get; }

    internal EventEngine Events { get; }

    /// <summary>How much is kept of a channel where somebody else publishes than a node.</summary>
    /// <param name="channel">The channel.</param>
    public Retention RetentionOf(string channel) => Kinds.Find(channel).Retention;

    /// <summary>The same for engines of this repository.</summary>
    internal BackplaneSite ForBackplane() => new(Node, Hub, Time, Histories) { Messages = Messages, Events = Events.Recorder, StreamBytes = StreamBytes, RetentionOf = RetentionOf };

    /// <summary>Says who does what other nodes ask for. Called once.</summary>
    internal void Serve(INodeWork work, ConnectionRegistry connections, ClientRegistry clients) => _holdings.Serve(work, connections, clients);
}
