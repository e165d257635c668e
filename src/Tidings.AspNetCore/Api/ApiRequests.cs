using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Api;

/// <summary><c>POST /api/publish</c>: one of <c>channel</c> and <c>channels</c>.</summary>
internal sealed record PublishRequest(
    [property: Description("Where to publish. Exactly one of channel and channels is needed.")] string? Channel = null,
    [property: Description("Where to publish, one after the other: 1 to 1,000 names.")] IReadOnlyList<string>? Channels = null,
    [property: Description("What the message is about, 1 to 128 bytes. A subscription with conflate keeps only the newest message of a key.")] string? Key = null,
    [property: Description("1 to 128 bytes. A repeat with the same key within five minutes makes no second message and is answered with the position of the first.")] string? IdempotencyKey = null,
    [property: Description("Answer only when the message survives a crash; refused with not_durable where that cannot be promised.")] bool Durable = false,
    [property: Description("Tell only those who are subscribed now: the message has no offset and is in no history. Not together with durable.")] bool Ephemeral = false,
    [property: Description("The name of the event that the message is: 1 to 200 bytes of printable text.")] string? Event = null,
    [property: Description("A connection's id, or an array of at most 100: connections that do not get the message live. It has an offset and is kept all the same.")] JsonElement? Except = null,
    [property: Description("Take the key out of the channels' state, in the place of data.")] bool Remove = false,
    [property: Description("A binary payload in base64 (RFC 4648, section 4), in the place of data.")] string? Data64 = null)
{
    // No parameter: one that was left out and null are two things, and a default would be one of them.
    [Description("The message: any JSON. Subscribers get these very bytes, without line breaks.")]
    [JsonPropertyOrder(-1)]
    public JsonElement Data { get; init; }
}

/// <summary><c>POST /api/broadcast</c>.</summary>
internal sealed record ToAllRequest(
    [property: Description("The message: any JSON.")] JsonElement Data,
    [property: Description("Users and connection ids that do not get it, at most 1,000.")] IReadOnlyList<string>? Except = null);

/// <summary><c>POST /api/send</c>: one of <c>to</c>, <c>user</c>, <c>connection</c> and <c>client</c>.</summary>
internal sealed record SendRequest(
    [property: Description("The message: any JSON.")] JsonElement Data,
    [property: Description("A user's id: all of the user's connections. Exactly one of user, connection, client and to is needed.")] string? User = null,
    [property: Description("A connection's id.")] string? Connection = null,
    [property: Description("A client's name on /ws/clients.")] string? Client = null,
    [property: Description("A user's id or a connection's id, as in the command send of the channel protocol.")] string? To = null);

/// <summary><c>POST /api/subscribe</c> and <c>/api/unsubscribe</c>: one of <c>user</c> and <c>connection</c>.</summary>
internal sealed record MembershipRequest(
    [property: Description("The channel's name.")] string? Channel,
    [property: Description("A user's id: all of the user's connections. Exactly one of user and connection is needed.")] string? User = null,
    [property: Description("A connection's id.")] string? Connection = null);

/// <summary><c>POST /api/disconnect</c>: one of <c>user</c>, <c>connection</c> and <c>tokenId</c>.</summary>
internal sealed record DisconnectRequest(
    [property: Description("A user's id: all of the user's connections. Exactly one of user, connection and tokenId is needed.")] string? User = null,
    [property: Description("A connection's id.")] string? Connection = null,
    [property: Description("A token's id (its claim jti): all connections made with that token.")] string? TokenId = null,
    [property: Description("The close code: 1000, 1001, 1008, 1011 to 1013, or 4000 to 4999. 4010 where it is left out.")] int? Code = null,
    [property: Description("The close reason, at most 123 bytes.")] string? Reason = null,
    [property: Description("Accept no token any more that the user or the connection has now.")] bool Revoke = false);

/// <summary><c>GET /api/presence</c>.</summary>
internal sealed record PresenceQuery(string? Channel, int? Limit = null);

/// <summary><c>GET /api/history</c>.</summary>
internal sealed record HistoryQuery(string? Channel, StreamPosition? Since = null, int? Last = null, int? Limit = null, StreamPosition? Before = null);

/// <summary><c>DELETE /api/history</c>.</summary>
internal sealed record EraseQuery(string? Channel, string? Epoch = null, long? Offset = null);

/// <summary><c>GET /api/channels</c>.</summary>
internal sealed record ChannelsQuery(string? Pattern = null, string? After = null, int? Limit = null, string? Prefix = null, string? Channel = null, string? Scope = null);

/// <summary><c>GET /api/channels/{channel}</c>.</summary>
internal sealed record ChannelQuery(string? Channel, string? Scope = null);

/// <summary><c>GET /api/connections</c>.</summary>
internal sealed record ConnectionsQuery(string? User = null, string? After = null, int? Limit = null, string? Channel = null, string? Scope = null);

/// <summary><c>POST /api/users/online</c>.</summary>
internal sealed record OnlineRequest([property: Description("Their ids: 1 to 1,000.")] IReadOnlyList<string>? Users = null);

/// <summary><c>DELETE /api/users/{user}</c>.</summary>
internal sealed record UserQuery(string? User);

/// <summary><c>GET /api/info</c>.</summary>
internal sealed record InfoQuery;

/// <summary><c>POST /api/batch</c>: each command is an object with one member, its name.</summary>
internal sealed record BatchRequest(
    [property: Description("1 to 1,000 objects with one member each: the last part of a route, and the body that it takes. They are carried out in this order.")] IReadOnlyList<JsonElement>? Commands);
