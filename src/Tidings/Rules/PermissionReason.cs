using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Security.Identities;
using Tidings.Security.Tokens;

namespace Tidings.Rules;

/// <summary>Why somebody may not do something in a channel, in words for those who run the server. It is asked after <see cref="Permissions"/> has said no.</summary>
internal static class PermissionReason
{
    /// <summary>The application's own code, its policy or a hook said no.</summary>
    public static FieldFault Application(string channel) => new("channel", $"\"{channel}\": the application's handler, policy or hook refused it");

    public static FieldFault Of(ChannelKind kind, string channel, TokenActions action, Identity? who) =>
        new("channel", $"{action.ToString().ToLowerInvariant()} \"{channel}\": {Why(kind, channel, action, who)}");

    /// <summary>Why a command was refused.</summary>
    public static FieldFault Of(CommandType command, PermissionRequest asked)
    {
        var (who, wanted, kind, _) = asked;
        return command switch
        {
            CommandType.Send => new("to", who?.Send == false
                ? "the token's claim \"send\" forbids direct messages"
                : "clients may not send direct messages; Tidings:Send, the token's claim \"send\" or AllowSend lets them"),
            CommandType.Publish => Of(kind, wanted.Channel, TokenActions.Publish, who),
            CommandType.Track when !kind.PresenceInfo && !kind.Closed => new("channel", $"track \"{wanted.Channel}\": its kind \"{kind.Pattern.Text}\" has no PresenceInfo"),
            CommandType.Presence => Of(kind, wanted.Channel, TokenActions.Presence, who),
            CommandType.History => Of(kind, wanted.Channel, TokenActions.History, who),
            _ => Of(
                kind,
                wanted.Channel,
                !Permissions.MaySubscribe(kind, wanted.Channel, who) ? TokenActions.Subscribe
                    : wanted.Last is > 0 && !Permissions.MayReadHistory(kind, wanted.Channel, who) ? TokenActions.History
                    : TokenActions.Presence,
                who),
        };
    }

    private static string Why(ChannelKind kind, string channel, TokenActions action, Identity? who)
    {
        if (kind.Closed)
        {
            return "no client may use this channel by itself";
        }

        if (channel.StartsWith(ChannelName.UserPrefix, StringComparison.Ordinal) && (who is null || channel != ChannelName.UserPrefix + who.User))
        {
            return "it belongs to another user";
        }

        if (action == TokenActions.Presence && !kind.Presence)
        {
            return $"its kind \"{kind.Pattern.Text}\" has no presence";
        }

        if (who?.Grants is not null)
        {
            return "the token's claim \"channels\" does not grant that";
        }

        var access = action == TokenActions.Publish && kind.Publish != ChannelAccess.Anyone && (kind.Publish == ChannelAccess.Server || who is null)
            ? kind.Publish
            : kind.Subscribe;
        var rule = access == kind.Publish && action == TokenActions.Publish && kind.PublishRule is not null ? kind.PublishRule : kind.SubscribeRule;
        return rule is not null && who is not null ? $"its kind \"{kind.Pattern.Text}\" asks for {rule.Text}, and the user does not have that"
            : access == ChannelAccess.Users ? $"its kind \"{kind.Pattern.Text}\" asks for a user, and this connection has none"
            : kind.Pattern.Text == "*" ? $"no kind opens \"{channel}\" to clients; name it in Tidings:Channels, or by MapChannel"
            : $"its kind \"{kind.Pattern.Text}\" leaves that to the server";
    }
}
