using System.Text.Json;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Api;

/// <summary><c>POST /api/publish</c>: one of <c>channel</c> and <c>channels</c>.</summary>
internal sealed record PublishRequest(
    JsonElement Data, string? Channel = null, IReadOnlyList<string>? Channels = null, string? Key = null, string? IdempotencyKey = null,
    bool Durable = false, bool Ephemeral = false);

/// <summary><c>POST /api/broadcast</c>.</summary>
internal sealed record ToAllRequest(JsonElement Data, IReadOnlyList<string>? Except = null);

/// <summary><c>POST /api/send</c>: one of <c>user</c>, <c>connection</c> and <c>client</c>.</summary>
internal sealed record SendRequest(JsonElement Data, string? User = null, string? Connection = null, string? Client = null);

/// <summary><c>POST /api/subscribe</c> and <c>/api/unsubscribe</c>: one of <c>user</c> and <c>connection</c>.</summary>
internal sealed record MembershipRequest(string? Channel, string? User = null, string? Connection = null);

/// <summary><c>POST /api/disconnect</c>: one of <c>user</c>, <c>connection</c> and <c>tokenId</c>.</summary>
internal sealed record DisconnectRequest(
    string? User = null, string? Connection = null, string? TokenId = null, int? Code = null, string? Reason = null, bool Revoke = false);

/// <summary><c>GET /api/presence</c>.</summary>
internal sealed record PresenceQuery(string? Channel, int? Limit = null);

/// <summary><c>GET /api/history</c>.</summary>
internal sealed record HistoryQuery(string? Channel, StreamPosition? Since = null, int? Last = null, int? Limit = null);

/// <summary><c>GET /api/channels</c>.</summary>
internal sealed record ChannelsQuery(string? Pattern = null, string? After = null, int? Limit = null);

/// <summary><c>GET /api/connections</c>.</summary>
internal sealed record ConnectionsQuery(string? User = null, string? After = null, int? Limit = null);

/// <summary><c>GET /api/info</c>.</summary>
internal sealed record InfoQuery;

/// <summary><c>POST /api/batch</c>: each command is an object with one member, its name.</summary>
internal sealed record BatchRequest(IReadOnlyList<JsonElement>? Commands);
