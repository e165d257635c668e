using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Security.Identities;
using Tidings.Security.Tokens;

namespace Tidings.Channels;

/// <summary>Why somebody may not do something in a channel, in words for those who run the server. It is asked after <see cref="ChannelPermissions"/> has said no.</summary>
internal static class PermissionReason
{
    /// <summary>The application's own code, its policy or a hook said no.</summary>
    public static FieldFault Application(string channel) => new("channel", $"\"{channel}\": the application's handler, policy or hook refused it");

    public static FieldFault Of(ChannelKind kind, string channel, TokenActions action, Identity? who) =>
        new("channel", $"{action.ToString().ToLowerInvariant()} \"{channel}\": {Why(kind, channel, action, who)}");

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
        return access == ChannelAccess.Users ? $"its kind \"{kind.Pattern.Text}\" asks for a user, and this connection has none"
            : kind.Pattern.Text == "*" ? $"no kind opens \"{channel}\" to clients; name it in Tidings:Channels, or by MapChannel"
            : $"its kind \"{kind.Pattern.Text}\" leaves that to the server";
    }
}
