using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Engine;
using Tidings.Messages;
using Tidings.Presence;
using Tidings.Specification;

namespace Tidings.Redis.Tests.World;

/// <summary>One node: its hub, and the engine that it shares with the others.</summary>
internal sealed class BrokerNode(Hub hub, IBackplane backplane) : EngineNode
{
    public Hub Hub => hub;

    public IBackplane Backplane => backplane;

    public override IBroker Broker => backplane.Broker;

    public override IPresenceStore Presence => backplane.Presence;

    public override void Listen(IMessageListener listener, string channel) => hub.Listen(listener, channel);

    public override void EndListening(IMessageListener listener, string channel) => hub.EndListening(listener, channel);
}
