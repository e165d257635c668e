namespace Tidings.Channels;

/// <summary>Who may do what in a channel, besides what handlers decide.</summary>
internal static class ChannelPermissions
{
    private const string UserPrefix = "user:";

    /// <summary>Whether <paramref name="user"/> may subscribe and read the history. A user's own channel is his alone.</summary>
    public static bool MayRead(ChannelKind kind, string channel, string? user) =>
        channel.StartsWith(UserPrefix, StringComparison.Ordinal)
            ? user is not null && channel.AsSpan(UserPrefix.Length).SequenceEqual(user)
            : Has(kind.Subscribe, user);

    public static bool MayPublish(ChannelKind kind, string channel, string? user) =>
        Has(kind.Publish, user) && MayRead(kind, channel, user);

    private static bool Has(ChannelAccess access, string? user) => access switch
    {
        ChannelAccess.Anyone => true,
        ChannelAccess.Users => user is not null,
        _ => false,
    };
}
