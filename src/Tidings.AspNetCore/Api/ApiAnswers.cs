using System.Text.Json;

namespace Tidings.AspNetCore.Api;

// What the answers look like, for the OpenAPI document. They are written as they are: data is passed on byte for byte.

/// <summary>Where a message stands; without epoch and offset for an ephemeral one. <c>results</c> where several channels were named.</summary>
internal sealed record PublishAnswer(string Channel, string? Epoch, long? Offset, IReadOnlyList<PublishAnswer>? Results);

/// <summary>Where the message stands on <c>all</c>; empty with <c>except</c>.</summary>
internal sealed record ToAllAnswer(string? Epoch, long? Offset);

/// <summary>To how many connections it went.</summary>
internal sealed record SendAnswer(int Delivered);

/// <summary>How many connections it concerned.</summary>
internal sealed record ConnectionsAnswer(int Connections);

/// <summary>What was said since a position, and the position from which to go on. All gaps lie before all messages.</summary>
internal sealed record PollAnswer(string Position, IReadOnlyList<JsonElement> Messages, IReadOnlyList<JsonElement> Gaps);

/// <summary>Who listens.</summary>
internal sealed record PresenceAnswer(IReadOnlyList<MemberAnswer> Members, int Count);

/// <summary>Somebody who listens.</summary>
internal sealed record MemberAnswer(string User, int Connections, JsonElement? Info);

/// <summary>A part of a log; <c>recovered</c> only where <c>since</c> was given.</summary>
internal sealed record HistoryAnswer(bool? Recovered, string Epoch, long Offset, IReadOnlyList<MessageAnswer> Messages);

/// <summary>A message of a log.</summary>
internal sealed record MessageAnswer(long Offset, JsonElement Data, string? From, string? Key, long Time);

/// <summary>Channels of this node, by name; <c>next</c> is the <c>after</c> of the next page.</summary>
internal sealed record ChannelsAnswer(IReadOnlyList<ChannelAnswer> Channels, string? Next);

/// <summary>A channel that somebody on this node is subscribed to.</summary>
internal sealed record ChannelAnswer(string Channel, int Subscribers);

/// <summary>Connections of this node, by id; <c>next</c> is the <c>after</c> of the next page.</summary>
internal sealed record ConnectionListAnswer(IReadOnlyList<ConnectionAnswer> Connections, string? Next);

/// <summary>A connection of the channel protocol.</summary>
internal sealed record ConnectionAnswer(string Connection, string? User, int Subscriptions);

/// <summary>What this node is and holds.</summary>
internal sealed record InfoAnswer(string Server, string Version, int Connections, int Users, int Channels);

/// <summary>One answer a command, in order; a problem in the place of an answer.</summary>
internal sealed record BatchAnswer(IReadOnlyList<JsonElement> Results);
