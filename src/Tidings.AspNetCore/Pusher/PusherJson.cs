using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tidings.AspNetCore.Pusher;

/// <summary>What a back end publishes. Members that are not known are passed over, as the protocol's own server does.</summary>
/// <param name="Name">The event's name.</param>
/// <param name="Data">Its data: a text, whatever is in it.</param>
/// <param name="Channels">Up to 100 channels.</param>
/// <param name="Channel">One channel.</param>
/// <param name="SocketId">A connection that does not get it.</param>
internal sealed record PusherEvent(
    string? Name,
    string? Data,
    IReadOnlyList<string>? Channels = null,
    string? Channel = null,
    [property: JsonPropertyName("socket_id")] string? SocketId = null);

/// <summary>Up to ten events.</summary>
internal sealed record PusherBatch(IReadOnlyList<PusherEvent>? Batch);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, AllowDuplicateProperties = false, NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(PusherEvent))]
[JsonSerializable(typeof(PusherBatch))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class PusherJson : JsonSerializerContext;
