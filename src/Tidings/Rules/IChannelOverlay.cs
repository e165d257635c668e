namespace Tidings.Rules;

/// <summary>Lays rules of the server's own over those of the application, for channels that mean something to the server.</summary>
internal interface IChannelOverlay
{
    /// <summary>What holds for a channel; null where only the application's kinds do.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="find">Finds what the application says of a channel.</param>
    ChannelKind? Find(string channel, Func<string, ChannelKind> find);
}
