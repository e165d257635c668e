using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tidings.Client.Connecting;
using Tidings.Client.Resources;
using Tidings.Client.Transports;

namespace Tidings.Client;

/// <content>Live resources.</content>
public sealed partial class TidingsClient
{
    /// <summary>Keeps the rows of a live resource as they are on the server, by a connection of its own to <c>ws/&lt;name&gt;</c> beside <c>/connect</c>.</summary>
    /// <remarks>It lives until it or this client is disposed; the client's token, proxies and limits hold for it, too.</remarks>
    /// <param name="name">As <c>items</c>.</param>
    /// <param name="filter">Members and the values that rows must have, as <c>new { category = "fruit" }</c>; null for all.</param>
    /// <typeparam name="T">What a row is read as.</typeparam>
    [RequiresUnreferencedCode(JsonWarning.Text)]
    [RequiresDynamicCode(JsonWarning.Text)]
    public LiveResource<T> Resource<T>(string name, object? filter = null) => MakeResource(
        name, static row => row.Deserialize<T>(JsonSerializerOptions.Web)!, filter is null ? default : JsonSerializer.SerializeToUtf8Bytes(filter, JsonSerializerOptions.Web));

    /// <inheritdoc cref="Resource{T}(string, object?)"/>
    /// <param name="name">As <c>items</c>.</param>
    /// <param name="type">The contract of a row.</param>
    /// <param name="filter">A JSON object of members and the values that rows must have; null for all.</param>
    public LiveResource<T> Resource<T>(string name, JsonTypeInfo<T> type, ReadOnlyMemory<byte>? filter = null) =>
        MakeResource(name, row => row.Deserialize(type)!, filter ?? default);

    private LiveResource<T> MakeResource<T>(string name, Func<JsonElement, T> read, ReadOnlyMemory<byte> filter)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ObjectDisposedException.ThrowIf(_disposed, this);
        var address = new ServerAddress(new Uri(_server.Http, "ws/" + Uri.EscapeDataString(name)));
        var token = new ClientToken(_options.Token, _log);
        var loop = new FeedLoop(
            (bearer, cancellationToken) => WebSocketTransport.OpenAsync(address, bearer, _headers, _http, _options, cancellationToken),
            filter, new ReconnectPlan(_options.MaxRetries, token.CanRenew, _random), token, _options.TimeProvider, _log);
        return new LiveResource<T>(name, read, loop.RunAsync, _end.Token);
    }
}
