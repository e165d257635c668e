using Tidings.Brokers;
using Tidings.Presence;
using Tidings.Protocol;

namespace Tidings.Rules;

/// <summary>Makes kinds of channels from options, which have been validated.</summary>
internal static class ChannelKindFactory
{
    public static ChannelKind From(ChannelOptions options) => new(new ChannelPattern(options.Pattern))
    {
        Retention = new Retention(options.History, options.HistoryAge) { State = options.State ? new StateBounds(options.StateKeys, options.StateBytes) : null },
        Publish = options.Publish.Access,
        PublishRule = UserRule.Of(options.Publish),
        Subscribe = options.Subscribe.Access,
        SubscribeRule = UserRule.Of(options.Subscribe),
        Presence = options.Presence,
        PresenceTerms = new PresenceTerms(options.PresenceGrace, options.PresencePer == PresencePer.Connection, options.PresenceInfo),
        Publisher = options.Publisher,
        SlowConsumers = options.SlowConsumers,
    };
}
