using System.Text.Json.Serialization.Metadata;
using Tidings.Protocol;

namespace Tidings;

/// <summary>What an application says and asks through Tidings, from wherever it has this service. Safe from any thread.</summary>
public partial interface ITidings
{
    /// <summary>Clients by name: those connected to the route of <c>MapClients</c>.</summary>
    ITidingsClients Clients { get; }

    /// <summary>All WebSockets of this node.</summary>
    ITidingsConnections Connections { get; }
}

/// <summary>Clients by name, on all nodes. Safe from any thread; each client gets messages in one order.</summary>
public interface ITidingsClients
{
    /// <summary>How many names are connected to this node.</summary>
    int Count { get; }

    /// <summary>Whether a client of that name is connected to this node.</summary>
    /// <param name="client">The name.</param>
    bool IsConnected(string client);

    /// <summary>Sends a value as JSON to a client.</summary>
    /// <param name="client">The name.</param>
    /// <param name="message">The value.</param>
    /// <param name="cancellationToken">Ends the call before it has begun.</param>
    /// <returns>To how many connections it was queued: 0 where there is no such client. It does not say that anyone has read it.</returns>
    ValueTask<int> SendAsync<T>(string client, T message, CancellationToken cancellationToken = default);

    /// <summary>Sends a value to a client by a contract of source generation.</summary>
    /// <param name="client">The name.</param>
    /// <param name="message">The value.</param>
    /// <param name="type">The contract.</param>
    /// <param name="cancellationToken">Ends the call before it has begun.</param>
    /// <returns>To how many connections it was queued.</returns>
    ValueTask<int> SendAsync<T>(string client, T message, JsonTypeInfo<T> type, CancellationToken cancellationToken = default);

    /// <summary>Sends a value as JSON to all clients.</summary>
    /// <param name="message">The value.</param>
    /// <param name="except">A name that does not get it; null for none.</param>
    /// <param name="cancellationToken">Ends the call before it has begun.</param>
    /// <returns>To how many connections it was queued.</returns>
    ValueTask<int> BroadcastAsync<T>(T message, string? except = null, CancellationToken cancellationToken = default);

    /// <summary>Sends a value to all clients by a contract of source generation.</summary>
    /// <param name="message">The value.</param>
    /// <param name="type">The contract.</param>
    /// <param name="except">A name that does not get it; null for none.</param>
    /// <param name="cancellationToken">Ends the call before it has begun.</param>
    /// <returns>To how many connections it was queued.</returns>
    ValueTask<int> BroadcastAsync<T>(T message, JsonTypeInfo<T> type, string? except = null, CancellationToken cancellationToken = default);

    /// <summary>Closes a client's connections after what was sent to it.</summary>
    /// <param name="client">The name.</param>
    /// <param name="code">What it is told; default 4010 "Disconnected by server", after which clients stay away.</param>
    /// <param name="cancellationToken">Ends the call before it has begun.</param>
    /// <returns>How many connections are being closed.</returns>
    ValueTask<int> DisconnectAsync(string client, DisconnectCode? code = null, CancellationToken cancellationToken = default);
}

/// <summary>The WebSockets of this node, whichever route they belong to. Safe from any thread.</summary>
public interface ITidingsConnections
{
    /// <summary>How many there are, those in their handshake too.</summary>
    int Count { get; }

    /// <summary>Lists those whose handshake is done. Connections that come or go meanwhile may be in it or not.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task<IReadOnlyList<ConnectionInfo>> ListAsync(CancellationToken cancellationToken = default);
}

/// <summary>What is known of a connection.</summary>
/// <param name="Id">Names it in this process.</param>
/// <param name="IsOpen">Whether it is not being closed.</param>
/// <param name="QueuedBytes">Bytes that wait for the peer to read them.</param>
public sealed record ConnectionInfo(string Id, bool IsOpen, int QueuedBytes);
