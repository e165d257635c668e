using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tidings.AspNetCore.Api;

// What the answers look like, for the OpenAPI document. They are written by hand: data is passed on byte for byte.

/// <summary>Where a message stands; without epoch and offset for an ephemeral one. <c>results</c> where several channels were named.</summary>
internal sealed record PublishAnswer(
    [property: Description("The channel.")] string? Channel = null,
    [property: Description("The epoch of the channel's log; absent for an ephemeral message.")] string? Epoch = null,
    [property: Description("The message's offset in that epoch; absent for an ephemeral message.")] long? Offset = null,
    [property: Description("Where channels was given: such an object for each of them, in their order.")] IReadOnlyList<PublishAnswer>? Results = null);

/// <summary>Where the message stands on <c>all</c>; empty with <c>except</c>.</summary>
internal sealed record ToAllAnswer(
    [property: Description("The epoch of the log of the channel all; absent where except was given.")] string? Epoch = null,
    [property: Description("The message's offset in it; absent where except was given.")] long? Offset = null);

/// <summary>To how many connections it went.</summary>
internal sealed record SendAnswer([property: Description("How many connections it was sent to, on all nodes.")] int Delivered);

/// <summary>How many connections it concerned.</summary>
internal sealed record ConnectionsAnswer([property: Description("How many connections changed, on all nodes.")] int Connections);

/// <summary>The messages since a position, and the position from which to go on. All gaps lie before all messages.</summary>
internal sealed record PollAnswer(
    [property: Description("The since of the next request.")] string Position,
    [property: Description("The messages, as they come on /connect.")] IReadOnlyList<JsonElement> Messages,
    [property: Description("What was missed for good, before all of the messages.")] IReadOnlyList<JsonElement> Gaps);

/// <summary>Who listens.</summary>
internal sealed record PresenceAnswer(
    [property: Description("Those who are there, at most limit.")] IReadOnlyList<MemberAnswer> Members,
    [property: Description("How many are there.")] int Count);

/// <summary>Somebody who listens.</summary>
internal sealed record MemberAnswer(
    [property: Description("The user's id, or ~ and a connection's id.")] string User,
    [property: Description("How many of the user's connections are in the channel; absent where the channel's kind has PresencePer connection.")] int? Connections = null,
    [property: Description("The member's connection, where the channel's kind has PresencePer connection.")] string? Connection = null,
    [property: Description("What the token or a hook says about the user; where the channel's kind has PresenceInfo, what its clients say.")] JsonElement? Info = null,
    [property: Description("What the token or a hook says about the user, where the channel's kind has PresenceInfo.")] [property: JsonPropertyName("user_info")] JsonElement? UserInfo = null);

/// <summary>A part of a log; <c>recovered</c> only where <c>since</c> or <c>before</c> was given.</summary>
internal sealed record HistoryAnswer(
    [property: Description("The log's epoch.")] string Epoch,
    [property: Description("The newest message's offset; 0 where there was none.")] long Offset,
    [property: Description("Messages in the order of their offsets.")] IReadOnlyList<MessageAnswer> Messages,
    [property: Description("Where since or before was given: whether everything after it, or the message just before it, was still there.")] bool? Recovered = null);

/// <summary>How much was erased.</summary>
internal sealed record EraseAnswer([property: Description("How many messages were erased; 0 where there was none.")] int Erased);

/// <summary>A message of a log; of one that was erased, <c>offset</c> and <c>removed</c> alone.</summary>
internal sealed record MessageAnswer(
    [property: Description("Its offset.")] long Offset,
    [property: Description("What was published.")] JsonElement? Data = null,
    [property: Description("When, in milliseconds since 1970 (Unix time).")] long? Time = null,
    [property: Description("The user who published it; absent for the server's own.")] string? From = null,
    [property: Description("The key that it was published with.")] string? Key = null,
    [property: Description("The name of its event.")] string? Event = null,
    [property: Description("The connection that published it, where the channel's kind has Publisher.")] string? Connection = null,
    [property: Description("true where the message was erased.")] bool? Removed = null);

/// <summary>Channels, by name; <c>next</c> is the <c>after</c> of the next page.</summary>
internal sealed record ChannelsAnswer(
    [property: Description("In the order of their names.")] IReadOnlyList<ListedChannelAnswer> Channels,
    [property: Description("The after of the next page; absent on the last.")] string? Next = null,
    [property: Description("Nodes that did not answer in time: what they have is not counted. Absent where all did.")] IReadOnlyList<string>? Missing = null);

/// <summary>A channel that somebody is subscribed to.</summary>
internal sealed record ListedChannelAnswer(
    [property: Description("Its name.")] string Channel,
    [property: Description("Subscriptions on all nodes.")] int Subscribers);

/// <summary>A channel, whether anybody uses it or not.</summary>
internal sealed record ChannelAnswer(
    [property: Description("Its name.")] string Channel,
    [property: Description("Subscriptions on all nodes.")] int Subscribers,
    [property: Description("The epoch of its log.")] string Epoch,
    [property: Description("The newest message's offset; 0 where there was none.")] long Offset,
    [property: Description("How many members are there; absent where its kind has no presence.")] int? Users = null,
    [property: Description("Nodes that did not answer in time: what they have is not counted. Absent where all did.")] IReadOnlyList<string>? Missing = null);

/// <summary>Connections, by id; <c>next</c> is the <c>after</c> of the next page.</summary>
internal sealed record ConnectionListAnswer(
    [property: Description("In the order of their ids.")] IReadOnlyList<ConnectionAnswer> Connections,
    [property: Description("The after of the next page; absent on the last.")] string? Next = null,
    [property: Description("Nodes that did not answer in time: what they have is not listed. Absent where all did.")] IReadOnlyList<string>? Missing = null);

/// <summary>A connection of the channel protocol.</summary>
internal sealed record ConnectionAnswer(
    [property: Description("Its id.")] string Connection,
    [property: Description("How many channels it is subscribed to.")] int Subscriptions,
    [property: Description("The name of its node.")] string Node,
    [property: Description("The user; absent while nobody is authenticated.")] string? User = null,
    [property: Description("The protocol it speaks: tidings, pusher, centrifuge-json, centrifuge-protobuf, or an application's own; absent where its node is of a version that does not say it.")] string? Protocol = null);

/// <summary>Who is connected.</summary>
internal sealed record OnlineAnswer(
    [property: Description("By id, an object with connections for who is connected, and with lastSeen (milliseconds since 1970) for who was in the last 30 days; nobody else is there.")] JsonElement Online,
    [property: Description("Nodes that did not answer in time: who is connected there alone counts as away. Absent where all did.")] IReadOnlyList<string>? Missing = null);

/// <summary>Whether a user was forgotten.</summary>
internal sealed record ForgetAnswer([property: Description("1 where it was known when the user was last connected; 0 where it was not.")] int Erased);

/// <summary>What this node is and holds.</summary>
internal sealed record InfoAnswer(
    [property: Description("tidings.")] string Server,
    [property: Description("The server's version.")] string Version,
    [property: Description("Its name among the nodes, for as long as it runs.")] string Node,
    [property: Description("Where logs and what goes with them are kept: memory, data, redis or postgres.")] string Engine,
    [property: Description("Connections of all kinds on this node.")] int Connections,
    [property: Description("Users with a connection to this node.")] int Users,
    [property: Description("Channels with a subscription on this node.")] int Channels);

/// <summary>One answer a command, in order; a problem in the place of an answer.</summary>
internal sealed record BatchAnswer([property: Description("An answer for each command, in their order; a problem in the place of one that failed.")] IReadOnlyList<JsonElement> Results);
