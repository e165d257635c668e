using Tidings.Protocol;
using Tidings.Security.Identities;
using Tidings.Security.Tokens;

namespace Tidings.Channels;

/// <summary>Who may do what in a channel, besides what handlers decide. Where a token speaks of channels, it alone says what its bearer
/// may; otherwise the kind of the channel does.</summary>
internal static class ChannelPermissions
{
    public static bool MaySubscribe(ChannelKind kind, string channel, Identity? who) => !kind.Closed && May(kind.Subscribe, TokenActions.Subscribe, channel, who);

    public static bool MayPublish(ChannelKind kind, string channel, Identity? who) =>
        !kind.Closed && who?.Grants is { } grants
            ? IsOpenTo(channel, who) && grants.Allow(channel, TokenActions.Publish)
            : Has(kind.Publish, who) && MaySubscribe(kind, channel, who);

    /// <summary>Whether what was said may be read, and what was missed be had again.</summary>
    public static bool MayReadHistory(ChannelKind kind, string channel, Identity? who) => !kind.Closed && May(kind.Subscribe, TokenActions.History, channel, who);

    /// <summary>Whether it may be known who listens.</summary>
    public static bool MaySeePresence(ChannelKind kind, string channel, Identity? who) =>
        kind.Presence && !kind.Closed && May(kind.Subscribe, TokenActions.Presence, channel, who);

    private static bool May(ChannelAccess access, TokenActions action, string channel, Identity? who) =>
        IsOwn(channel, who)
        || (IsOpenTo(channel, who) && (who?.Grants is { } grants && channel != Push.ServerActions.Everybody ? grants.Allow(channel, action) : Has(access, who)));

    // A user's own channel is his alone, whatever tokens of others say.
    private static bool IsOpenTo(string channel, Identity? who) =>
        !channel.StartsWith(ChannelName.UserPrefix, StringComparison.Ordinal) || IsOwn(channel, who);

    private static bool IsOwn(string channel, Identity? who) =>
        who is not null && channel.StartsWith(ChannelName.UserPrefix, StringComparison.Ordinal) && channel.AsSpan(ChannelName.UserPrefix.Length).SequenceEqual(who.User);

    private static bool Has(ChannelAccess access, Identity? who) => access switch
    {
        ChannelAccess.Anyone => true,
        ChannelAccess.Users => who is not null,
        _ => false,
    };
}
