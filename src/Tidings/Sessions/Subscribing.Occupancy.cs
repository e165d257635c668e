using Tidings.Actions;
using Tidings.Channels;
using Tidings.Connections;
using Tidings.Messages;
using Tidings.Protocol.Commands;
using Tidings.Rules;

namespace Tidings.Sessions;

/// <content>What subscriptions ask for beside the messages.</content>
internal sealed partial class Subscribing
{
    /// <summary>Tells how many subscribe. Set before anybody subscribes; null where nobody is told.</summary>
    public OccupancyTeller? Occupancy { get; set; }

    private static Watches? NewWatches(Connection connection, Dialect dialect, SubscribeRequest request, ChannelKind kind)
    {
        var presence = kind.Presence && request.Presence;
        return presence || request.Occupancy
            ? new Watches(presence ? NewWatch(connection, dialect) : null, request.Occupancy ? NewWatch(connection, dialect) : null)
            : null;
    }

    private static Subscription NewWatch(Connection connection, Dialect dialect) => Subscription.Waiting(connection, dialect, conflates: false, skipsWhenSlow: false);

    private void WatchOccupancy(ChannelMembership membership)
    {
        if (membership.Watches?.Occupancy is { } watch && Occupancy is { } occupancy)
        {
            hub.TryJoin(watch, OccupancyChannel.Of(membership.Channel));
            occupancy.Watch(membership.Channel);
        }
    }

    private void Leave(Watches watches)
    {
        foreach (var watch in new[] { watches.Presence, watches.Occupancy })
        {
            if (watch is not null)
            {
                hub.Leave(watch);
            }
        }
    }
}
