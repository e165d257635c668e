using Tidings.Channels;
using Tidings.Engine;

namespace Tidings.Redis.Tests.Presence;

public sealed class MemoryPresenceRules : PresenceRules
{
    private protected override Task<(PresenceNode One, PresenceNode Two)> StartAsync()
    {
        var hub = new Hub(Time);
        var backplane = new MemoryBackplane(hub, Time);
        var node = new PresenceNode(hub, backplane.Presence);
        return Task.FromResult((node, node));
    }
}
