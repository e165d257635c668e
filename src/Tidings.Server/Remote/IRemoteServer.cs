using Tidings.Protocol;
using Tidings.Server.Terminal;

namespace Tidings.Server.Remote;

// In here: the library has options and messages of the same names.
using Tidings.Client;

/// <summary>A server somewhere that is asked for one thing. What it refuses is a <see cref="CommandException"/>.</summary>
internal interface IRemoteServer : IAsyncDisposable
{
    /// <summary>Publishes JSON.</summary>
    /// <returns>Where it stands; null where it has no place in the log.</returns>
    Task<StreamPosition?> PublishAsync(string channel, ReadOnlyMemory<byte> json, PublishOptions options, CancellationToken cancellationToken);

    /// <summary>Publishes bytes as they are.</summary>
    /// <returns>Where they stand; null where they have no place in the log.</returns>
    Task<StreamPosition?> PublishBytesAsync(string channel, ReadOnlyMemory<byte> bytes, PublishOptions options, CancellationToken cancellationToken);

    /// <summary>A part of a log.</summary>
    Task<ChannelHistory> HistoryAsync(string channel, HistoryOptions options, CancellationToken cancellationToken);

    /// <summary>Who listens.</summary>
    Task<ChannelPresence> PresenceAsync(string channel, CancellationToken cancellationToken);
}
