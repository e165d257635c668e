using System.Text.Json;
using System.Text.Json.Serialization;
using Tidings.Messages;

namespace Tidings.AspNetCore.Api;

/// <summary>How bodies are read: at most 64 levels, no name twice.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, AllowDuplicateProperties = false, MaxDepth = JsonPayload.MaxDepth, NumberHandling = JsonNumberHandling.Strict,
    PropertyNameCaseInsensitive = false, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(PublishRequest))]
[JsonSerializable(typeof(ToAllRequest))]
[JsonSerializable(typeof(SendRequest))]
[JsonSerializable(typeof(MembershipRequest))]
[JsonSerializable(typeof(DisconnectRequest))]
[JsonSerializable(typeof(PresenceQuery))]
[JsonSerializable(typeof(HistoryQuery))]
[JsonSerializable(typeof(EraseQuery))]
[JsonSerializable(typeof(ChannelsQuery))]
[JsonSerializable(typeof(ChannelQuery))]
[JsonSerializable(typeof(ConnectionsQuery))]
[JsonSerializable(typeof(OnlineRequest))]
[JsonSerializable(typeof(UserQuery))]
[JsonSerializable(typeof(InfoQuery))]
[JsonSerializable(typeof(BatchRequest))]
internal sealed partial class ApiJson : JsonSerializerContext;
