using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Security.Identities;
using Tidings.Security.Tokens;

namespace Tidings.Rules;

/// <summary>What somebody asks a permission for.</summary>
/// <param name="Who">Who asks; null for somebody anonymous.</param>
/// <param name="Target">The channel, and what is wanted of it; of a command without a channel it is empty.</param>
/// <param name="Kind">The kind of that channel; <see cref="ChannelKinds.None"/> where there is none.</param>
/// <param name="Sending">Who may send direct messages; null where that is not asked.</param>
internal readonly record struct PermissionRequest(Identity? Who, SubscribeRequest Target, ChannelKind Kind, SendRule? Sending = null);

/// <summary>Who may do what, for every command, transport and text route. Where a token speaks of something, it alone says what its bearer may; otherwise
/// the kind of the channel does, or the rule of direct messages. Handlers and hooks decide after it.</summary>
internal static class Permissions
{
    private static readonly Dictionary<CommandType, Func<PermissionRequest, bool>> Commands = new()
    {
        [CommandType.Subscribe] = MaySubscribe,
        [CommandType.Publish] = static asked => MayPublish(asked.Kind, asked.Target.Channel, asked.Who),
        [CommandType.Track] = static asked => MayTrack(asked.Kind, asked.Target.Channel, asked.Who),
        [CommandType.History] = static asked => MayReadHistory(asked.Kind, asked.Target.Channel, asked.Who),
        [CommandType.Presence] = static asked => MaySeePresence(asked.Kind, asked.Target.Channel, asked.Who),
        [CommandType.Send] = static asked => MaySend(asked.Sending, asked.Who),

        // The method decides; one that there is not is refused alike.
        [CommandType.Call] = Anybody,

        // These concern the connection itself, and its own subscriptions.
        [CommandType.Open] = Anybody,
        [CommandType.Auth] = Anybody,
        [CommandType.Unsubscribe] = Anybody,
        [CommandType.Ping] = Anybody,
        [CommandType.Pong] = Anybody,
        [CommandType.Quit] = Anybody,
    };

    /// <summary>Commands that have a row here; one without is refused to everybody.</summary>
    public static IReadOnlyCollection<CommandType> Known => Commands.Keys;

    /// <summary>Whether a command may be carried out.</summary>
    public static bool Allow(CommandType command, PermissionRequest asked) => Commands.TryGetValue(command, out var allows) && allows(asked);

    public static bool MaySubscribe(ChannelKind kind, string channel, Identity? who) => !kind.Closed && May(kind, TokenActions.Subscribe, channel, who);

    public static bool MayPublish(ChannelKind kind, string channel, Identity? who) =>
        !kind.Closed && who?.Grants is { } grants
            ? IsOpenTo(channel, who) && grants.Allow(channel, TokenActions.Publish)
            : Has(kind, kind.Publish, kind.PublishRule, channel, who) && MaySubscribe(kind, channel, who);

    /// <summary>Whether what was said may be read, and what was missed be had again.</summary>
    public static bool MayReadHistory(ChannelKind kind, string channel, Identity? who) => !kind.Closed && May(kind, TokenActions.History, channel, who);

    /// <summary>Whether it may be known who listens.</summary>
    public static bool MaySeePresence(ChannelKind kind, string channel, Identity? who) =>
        kind.Presence && !kind.Closed && May(kind, TokenActions.Presence, channel, who);

    /// <summary>Whether it may be known how many subscribe. It need not be known who.</summary>
    public static bool MaySeeOccupancy(ChannelKind kind, string channel, Identity? who) => !kind.Closed && May(kind, TokenActions.Presence, channel, who);

    /// <summary>Whether a subscriber may say what is shown of its member.</summary>
    public static bool MayTrack(ChannelKind kind, string channel, Identity? who) => kind.PresenceInfo && MaySubscribe(kind, channel, who);

    /// <summary>Whether direct messages may be sent.</summary>
    public static bool MaySend(SendRule? sending, Identity? who) => who?.Send ?? Has(sending?.Access ?? ChannelAccess.Server, who);

    /// <summary>Whether it may be known how many connections a direct message reached, which tells who is there.</summary>
    /// <param name="kind">The kind of <paramref name="channel"/>.</param>
    /// <param name="channel">The receiver's own channel, <c>user:&lt;to&gt;</c>.</param>
    /// <param name="who">Who sends.</param>
    public static bool MaySeeDelivered(ChannelKind kind, string channel, Identity? who) =>
        IsOwn(channel, who)
        || (who?.Grants is { } grants
            ? grants.Allow(channel, TokenActions.Presence)
            : kind.Presence && !kind.Closed && kind.Pattern.Text.StartsWith(ChannelName.UserPrefix, StringComparison.Ordinal) && Has(kind, kind.Subscribe, kind.SubscribeRule, channel, who));

    private static bool MaySubscribe(PermissionRequest asked)
    {
        var (who, wanted, kind, _) = asked;
        return MaySubscribe(kind, wanted.Channel, who)
            && ((wanted.Last is not > 0 && !wanted.State) || MayReadHistory(kind, wanted.Channel, who))
            && (!wanted.Occupancy || MaySeeOccupancy(kind, wanted.Channel, who))
            && (!wanted.Presence || !kind.Presence || MaySeePresence(kind, wanted.Channel, who));
    }

    private static bool Anybody(PermissionRequest asked) => true;

    private static bool May(ChannelKind kind, TokenActions action, string channel, Identity? who) =>
        IsOwn(channel, who)
        || (IsOpenTo(channel, who)
            && (who?.Grants is { } grants && channel != ChannelName.Everybody ? grants.Allow(channel, action) : Has(kind, kind.Subscribe, kind.SubscribeRule, channel, who)));

    // A user's own channel is that user's alone, whatever tokens of others say.
    private static bool IsOpenTo(string channel, Identity? who) =>
        !channel.StartsWith(ChannelName.UserPrefix, StringComparison.Ordinal) || IsOwn(channel, who);

    private static bool IsOwn(string channel, Identity? who) =>
        who is not null && channel.StartsWith(ChannelName.UserPrefix, StringComparison.Ordinal) && channel.AsSpan(ChannelName.UserPrefix.Length).SequenceEqual(who.User);

    private static bool Has(ChannelKind kind, ChannelAccess access, UserRule? rule, string channel, Identity? who) =>
        Has(access, who) && (rule is null || (who is not null && rule.Allows(kind.Pattern, channel, who)));

    private static bool Has(ChannelAccess access, Identity? who) => access switch
    {
        ChannelAccess.Anyone => true,
        ChannelAccess.Users => who is not null,
        _ => false,
    };
}
