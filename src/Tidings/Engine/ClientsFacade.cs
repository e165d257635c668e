using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tidings.Clients;
using Tidings.Protocol;

namespace Tidings.Engine;

/// <summary>Clients by name as applications see them: values in, JSON out.</summary>
internal sealed class ClientsFacade(ClientActions clients) : ITidingsClients
{
    public int Count => clients.Here.Count;

    public bool IsConnected(string client) => clients.Here.Contains(client);

    public ValueTask<int> SendAsync<T>(string client, T message, CancellationToken cancellationToken = default) =>
        SendAsync(client, message, TypeInfo<T>(), cancellationToken);

    public ValueTask<int> SendAsync<T>(string client, T message, JsonTypeInfo<T> type, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        cancellationToken.ThrowIfCancellationRequested();
        return clients.SendAsync(client, Encode(message, type), cancellationToken);
    }

    public ValueTask<int> BroadcastAsync<T>(T message, string? except = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync(message, TypeInfo<T>(), except, cancellationToken);

    public ValueTask<int> BroadcastAsync<T>(T message, JsonTypeInfo<T> type, string? except = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return clients.BroadcastAsync(Encode(message, type), except, cancellationToken);
    }

    public ValueTask<int> DisconnectAsync(string client, DisconnectCode? code = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        cancellationToken.ThrowIfCancellationRequested();
        return clients.DisconnectAsync(client, code ?? DisconnectCode.DisconnectedByServer, cancellationToken);
    }

    private static byte[] Encode<T>(T message, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(message, type);

    // GetTypeInfo throws with a clear message where reflection is switched off; the overloads with a contract need none.
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "See above.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "See above.")]
    private static JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)JsonSerializerOptions.Web.GetTypeInfo(typeof(T));
}
