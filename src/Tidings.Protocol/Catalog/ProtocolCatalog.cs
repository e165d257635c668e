namespace Tidings.Protocol.Catalog;

/// <summary>Every message of the channel protocol: the one source of <c>/asyncapi.json</c>, with which tests compare the documents and the code.</summary>
internal static class ProtocolCatalog
{
    private static readonly ProtocolField Id = new("id", "id", false, "Comes back on the reply.");
    private static readonly ProtocolField Answered = new("id", "id", false, "The id of the command that it answers.");
    private static readonly ProtocolField Channel = new("channel", "string", true, "The channel's name.");
    private static readonly ProtocolField Epoch = new("epoch", "string", true, "Offsets of two epochs have nothing to do with each other.");
    private static readonly ProtocolField Offset = new("offset", "integer", true, "The place in the log: 1, 2, 3 without holes inside one epoch.");
    private static readonly ProtocolField Since = new("since", "position", false, "After which message to go on.");
    private static readonly ProtocolField Last = new("last", "integer", false, "How many of the newest messages, 0 for none; not beside since.") { Least = 0 };
    private static readonly ProtocolField Limit = new("limit", "integer", false, "The most that are wanted.") { Least = 0 };
    private static readonly ProtocolField Token = new("token", "string", false, "A token that grants the channel.");
    private static readonly ProtocolField Info = new("info", "any", false, "What the connection says of its member, where the kind says PresenceInfo: JSON of at most 4 KB and 32 levels; null takes it back.");
    private static readonly ProtocolField Member = new("member", "object", true, "User, connections (or, with PresencePer connection, its connection), info and, with PresenceInfo, user_info.");
    private static readonly ProtocolField Data64 = new("data64", "string", false, "A binary payload in base64, in the place of data; in a binary frame the payload itself stands behind the line.");
    private static readonly ProtocolField Data = new("data", "any", true, "Any JSON, passed on byte for byte.");

    public static IReadOnlyList<ProtocolMessage> Commands { get; } =
    [
        Command("auth", ["auth_success"], "Says who one is, or renews that.",
            Field("token", "string", true, "A token."), Field("client", "object", false, "Name and version of the client.")),
        Command("subscribe", ["subscribed"], "Listens to a channel, or to several with a reply each.",
            Channel with { Required = false },
            Field("channels", "array", false, "Objects with channel, since, last, presence, info, occupancy, conflate, state and token; in the place of channel."),
            Since, Last,
            Field("presence", "boolean", false, "Whether joins, leaves and updates of members are wanted."),
            Info,
            Field("occupancy", "boolean", false, "Whether it is to be told how many subscribe."),
            Field("conflate", "boolean", false, "Whether only the newest message of each key is wanted while one lags."),
            Field("state", "boolean", false, "Whether the newest message of each key comes, after what of the log was asked for and before what is new."),
            Token),
        Command("unsubscribe", ["unsubscribed"], "Listens no more.", Channel),
        Command("publish", ["published"], "Says something in a channel.",
            Channel, Data with { Required = false }, Data64,
            Field("event", "string", false, "The name of the event that it is: 1 to 200 bytes of printable text."),
            Field("key", "string", false, "What it is about, for those who conflate, and in the channel's state."),
            Field("remove", "boolean", false, "Whether the key is taken out of the state; in the place of data."),
            Field("idempotencyKey", "string", false, "A repeat with the same key is the first message again."),
            Field("durable", "boolean", false, "Refuse rather than accept what a crash could lose."),
            Field("ephemeral", "boolean", false, "Said in passing: no offset, not kept."),
            Field("except", "boolean", false, "Whether this connection itself does not get it live.")),
        Command("send", ["sent"], "Says something to a user or a connection.", Field("to", "string", true, "The user or the connection."), Data),
        Command("presence", ["presence"], "Asks who listens.", Channel, Token, Limit with { Summary = "The most members to list." }),
        Command("history", ["history"], "Asks for a part of the log.", Channel, Since, Last,
            Field("before", "position", false, "Before which message to end; not beside since or last."),
            Token,
            Limit with { Summary = "The most messages; 0 for the position alone." }),
        Command("track", ["tracked"], "Says something else of one's own member in presence.", Channel, Info with { Required = true }),
        Command("call", ["result"], "Asks the application.", Field("method", "string", true, "What for."), Field("params", "any", false, "With what.")),
        Command("ping", ["pong"], "Asks for a sign of life."),
        Command("pong", [], "Answers a ping."),
        Command("quit", [], "Ends the connection with 1000."),
    ];

    public static IReadOnlyList<ProtocolMessage> Messages { get; } =
    [
        Says("connected", "The first message.",
            Field("connection", "string", true, "The connection's id."),
            Field("user", "string", true, "The user's id, or null."),
            Field("pingInterval", "integer", true, "Milliseconds between pings; 0 where there are none."),
            Field("server", "string", true, "The server's name."),
            Field("version", "string", true, "Its version."),
            Field("subscriptions", "array", true, "What the server subscribed: objects with channel, epoch and offset.")),
        Says("auth_success", "Who one is now.", Answered, Field("user", "string", true, "The user's id.")),
        Says("subscribed", "A subscription has begun: what was missed comes next, then what is said.",
            Answered, Channel, Epoch with { Required = false }, Offset with { Required = false },
            Field("renewed", "boolean", false, "True where a newer token was shown, and nothing else has changed; there is then no epoch and offset."),
            Field("expires", "integer", false, "Where a token grants it: in how many seconds that ends."),
            Field("recovered", "boolean", false, "Where since was given: whether all that was missed comes."),
            Field("presence", "object", false, "Members and their count, where they were asked for.")),
        Says("unsubscribed", "A subscription has ended; code and reason where the server ended it.",
            Answered, Channel, Field("code", "string", false, "An error code."), Field("reason", "string", false, "The same in words.")),
        Says("published", "A message was accepted; without epoch and offset where it has no place in the log.",
            Answered, Channel, Epoch with { Required = false }, Offset with { Required = false }),
        Says("sent", "A direct message went out.", Answered, Field("delivered", "integer", false, "To how many connections, where the sender may see presence.")),
        Says("presence", "Who listens.", Answered, Channel, Field("members", "array", true, "Objects as member of join."), Field("count", "integer", true, "How many there are.")),
        Says("history", "A part of the log.",
            Answered, Channel, Field("recovered", "boolean", false, "Where since or before was given: whether what lies next to it is there."), Epoch, Offset,
            Field("messages", "array", true, "Messages without their channel; of one that was erased, its offset and removed.")),
        Says("tracked", "What one says of one's own member is shown.", Answered, Channel),
        Says("result", "What a call came to.", Answered, Data),
        Says("message", "Somebody said something.",
            Channel, Offset with { Required = false },
            Field("event", "string", false, "The name of the event that it is."),
            Data with { Required = false }, Data64,
            Field("from", "string", false, "The user who said it."),
            Field("connection", "string", false, "The connection that said it, where the kind says Publisher."),
            Field("key", "string", false, "What it is about."),
            Field("remove", "boolean", false, "True where the key was taken out of the state; there is then no data."),
            Field("time", "integer", true, "Unix milliseconds.")),
        Says("state", "The newest message of each key, after subscribed and what of the log was asked for: in one or several of these.",
            Channel, Field("entries", "array", true, "Messages without their channel."), Field("more", "boolean", true, "Whether further ones follow.")),
        Says("gap", "Messages were missed and are gone.",
            Channel, Epoch, Offset, Field("from", "integer", true, "The first that was missed."), Field("to", "integer", true, "The last."),
            Field("reason", "string", true, "trimmed, slow, epoch or cleared.")),
        Says("removed", "A message was erased: what one has kept of it is to go.", Channel, Offset),
        Says("direct", "A client, or without from and connection the server, says something to this user or connection alone.", Field("from", "string", false, "The user who says it."), Field("connection", "string", false, "The connection of somebody anonymous who says it."), Data),
        Says("join", "A member has come.", Channel, Member),
        Says("leave", "A member has gone.", Channel, Member),
        Says("update", "A member says something else of itself.", Channel, Member),
        Says("occupancy", "How many subscribe on all nodes, at most once a second.", Channel, Field("subscribers", "integer", true, "How many.")),
        Says("ping", "Asks for a sign of life."),
        Says("pong", "Answers a ping.", Answered),
        Says("token_expiring", "The token must be renewed.", Field("in", "integer", true, "Seconds that are left.")),
        Says("disconnecting", "The connection will end.",
            Field("code", "integer", false, "The close code, on a stream of Server-Sent Events."), Field("reason", "string", true, "Why."), Field("reconnect", "boolean", true, "Whether to come back."), Field("after", "integer", false, "Milliseconds to wait.")),
        Says("error", "A command was not carried out.",
            Answered, Field("code", "string", true, "An error code."), Field("error", "string", true, "The same in words."),
            Field("retryAfter", "integer", false, "With rate_limited: milliseconds after which to try again."),
            Field("details", "array", false, "Objects with field and message.")),
    ];

    private static ProtocolField Field(string name, string type, bool required, string summary) => new(name, type, required, summary);

    private static ProtocolMessage Command(string type, string[] replies, string summary, params ProtocolField[] fields) =>
        new(MessageSender.Client, type, summary, [Id, .. fields]) { Replies = replies };

    private static ProtocolMessage Says(string type, string summary, params ProtocolField[] fields) => new(MessageSender.Server, type, summary, fields);
}
