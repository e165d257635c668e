using Tidings.Protocol;

namespace Tidings.Server.Remote;

// In here: the library has options and messages of the same names.
using Tidings.Client;

/// <summary>A server by the channel protocol, asked in the name of a user.</summary>
internal sealed class UserServer(UserConnection connection) : IRemoteServer
{
    public Task<StreamPosition?> PublishAsync(string channel, ReadOnlyMemory<byte> json, PublishOptions options, CancellationToken cancellationToken) =>
        AskAsync(client => client.PublishJsonAsync(channel, json, options, cancellationToken), cancellationToken);

    public Task<StreamPosition?> PublishBytesAsync(string channel, ReadOnlyMemory<byte> bytes, PublishOptions options, CancellationToken cancellationToken) =>
        AskAsync(client => client.PublishAsync(channel, bytes, options, cancellationToken), cancellationToken);

    public Task<ChannelHistory> HistoryAsync(string channel, HistoryOptions options, CancellationToken cancellationToken) =>
        AskAsync(client => client.HistoryAsync(channel, options, cancellationToken), cancellationToken);

    public Task<ChannelPresence> PresenceAsync(string channel, CancellationToken cancellationToken) =>
        AskAsync(client => client.PresenceAsync(channel, limit: null, cancellationToken), cancellationToken);

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private async Task<T> AskAsync<T>(Func<TidingsClient, Task<T>> ask, CancellationToken cancellationToken)
    {
        await connection.ReadyAsync(cancellationToken);
        try
        {
            return await ask(connection.Client);
        }
        catch (TidingsException error)
        {
            throw RemoteFaults.Of(connection.Url, error);
        }
    }
}
