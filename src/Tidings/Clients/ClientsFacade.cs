using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tidings.Protocol;
using Tidings.Protocol.Frames;

namespace Tidings.Clients;

/// <summary>Clients by name as applications see them: values in, frames out.</summary>
internal sealed class ClientsFacade(ClientRegistry clients) : ITidingsClients
{
    public int Count => clients.Count;

    public bool IsConnected(string client) => clients.Contains(client);

    public ValueTask<int> SendAsync<T>(string client, T message, CancellationToken cancellationToken = default) =>
        SendAsync(client, message, TypeInfo<T>(), cancellationToken);

    public ValueTask<int> SendAsync<T>(string client, T message, JsonTypeInfo<T> type, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(clients.Send(client, Encode(message, type)));
    }

    public ValueTask<int> BroadcastAsync<T>(T message, string? except = null, CancellationToken cancellationToken = default) =>
        BroadcastAsync(message, TypeInfo<T>(), except, cancellationToken);

    public ValueTask<int> BroadcastAsync<T>(T message, JsonTypeInfo<T> type, string? except = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(clients.Broadcast(Encode(message, type), except));
    }

    public ValueTask<int> DisconnectAsync(string client, DisconnectCode? code = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(clients.Disconnect(client, code ?? DisconnectCode.DisconnectedByServer));
    }

    private static byte[] Encode<T>(T message, JsonTypeInfo<T> type) => Frame.Text(JsonSerializer.SerializeToUtf8Bytes(message, type));

    // GetTypeInfo throws with a clear message where reflection is switched off; the overloads with a contract need none.
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "See above.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "See above.")]
    private static JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)JsonSerializerOptions.Web.GetTypeInfo(typeof(T));
}
