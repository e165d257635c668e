namespace Tidings.AspNetCore.Centrifuge;

/// <summary>What a field of the protocol's Protobuf form holds, and how it stands in JSON.</summary>
internal enum FieldKind : byte
{
    /// <summary>A number without a sign.</summary>
    Number,

    /// <summary>A number with a sign, written in ten bytes where it is negative.</summary>
    Signed,
    Flag,
    Text,

    /// <summary>Bytes that are JSON by themselves.</summary>
    Json,

    /// <summary>Any bytes, base64 in JSON.</summary>
    Bytes,

    /// <summary>Bytes that are JSON by themselves, or else base64 under <see cref="CentrifugePublications.Bytes"/>.</summary>
    JsonOrBytes,
    Message,

    /// <summary>Messages in a row, an array in JSON.</summary>
    List,

    /// <summary>Texts with a message or a text each, an object in JSON.</summary>
    Map,

    /// <summary>Only that it is there counts.</summary>
    Presence,
}

/// <summary>One field.</summary>
/// <param name="Number">Its number in Protobuf.</param>
/// <param name="Name">Its name in JSON.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Type">The message that it holds; null for a text in a map.</param>
internal sealed record SchemaField(int Number, string Name, FieldKind Kind, SchemaMessage? Type = null);

/// <summary>A message of the protocol, as far as it is read or written here; other fields are passed over.</summary>
internal sealed class SchemaMessage(params SchemaField[] fields)
{
    public IReadOnlyList<SchemaField> Fields => fields;

    public SchemaField? Find(int number) => Array.Find(fields, field => field.Number == number);

    public SchemaField? Find(ref System.Text.Json.Utf8JsonReader name)
    {
        foreach (var field in fields)
        {
            if (name.ValueTextEquals(field.Name))
            {
                return field;
            }
        }

        return null;
    }
}

/// <summary>The protocol's messages (client.proto): what stands in JSON under a name stands in Protobuf under a number.</summary>
internal static class CentrifugeSchema
{
    private static readonly SchemaMessage Client = new(Text(1, "user"), Text(2, "client"), Json(3, "conn_info"), Json(4, "chan_info"));
    private static readonly SchemaMessage Publication = PublicationOf(Json(4, "data"), new(4, CentrifugePublications.Bytes, FieldKind.Bytes));
    private static readonly SchemaMessage TextPublication = PublicationOf(Text(4, "data"));
    private static readonly SchemaMessage Member = new(Message(1, "info", Client));
    private static readonly SchemaMessage Data = new(Json(1, "data"));
    private static readonly SchemaMessage Position = new(Number(1, "offset"), Text(2, "epoch"));
    private static readonly SchemaMessage Channel = new(Text(1, "channel"));
    private static readonly SchemaMessage Nothing = new();

    private static readonly SchemaMessage Subscribe = new(
        Text(1, "channel"), Text(2, "token"), Flag(3, "recover"), Text(6, "epoch"), Number(7, "offset"), Json(8, "data"), Flag(9, "positioned"), Flag(10, "recoverable"), Flag(11, "join_leave"),
        Text(12, "delta"), new(13, "tf", FieldKind.Presence), Signed(14, "flag"), Signed(15, "type"));

    private static readonly SchemaMessage Subscribed = SubscribedOf(Publication);

    private static readonly SchemaMessage Connected = new(
        Text(1, "client"), Text(2, "version"), Flag(3, "expires"), Number(4, "ttl"), new(6, "subs", FieldKind.Map, Subscribed), Number(7, "ping"), Flag(8, "pong"), Text(9, "session"), Text(10, "node"));

    private static readonly SchemaMessage Push = new(
        Text(2, "channel"), Message(4, "pub", Publication), Message(5, "join", Member), Message(6, "leave", Member), Message(7, "unsubscribe", new(Number(2, "code"), Text(3, "reason"))), Message(8, "message", Data),
        Message(9, "subscribe", new(Flag(1, "recoverable"), Text(4, "epoch"), Number(5, "offset"), Flag(6, "positioned"))),
        Message(11, "disconnect", new(Number(1, "code"), Text(2, "reason"))));

    /// <summary>What a client says.</summary>
    public static readonly SchemaMessage Command = new(
        Number(1, "id"),
        Message(4, "connect", new(Text(1, "token"), new(3, "subs", FieldKind.Map, Subscribe), Text(4, "name"), Text(5, "version"))),
        Message(5, "subscribe", Subscribe), Message(6, "unsubscribe", Channel), Message(7, "publish", new(Text(1, "channel"), new(2, "data", FieldKind.JsonOrBytes), Signed(3, "type"))), Message(8, "presence", Channel),
        Message(9, "presence_stats", Channel), Message(10, "history", new(Text(1, "channel"), Signed(7, "limit"), Message(8, "since", Position), Flag(9, "reverse"))), Message(11, "ping", Nothing),
        Message(12, "send", Data), Message(13, "rpc", new(Json(1, "data"), Text(2, "method"))), Message(14, "refresh", new(Text(1, "token"))),
        Message(15, "sub_refresh", new(Text(1, "channel"), Text(2, "token"), Signed(3, "type"))));

    /// <summary>What the server says.</summary>
    public static readonly SchemaMessage Reply = new(
        Number(1, "id"), Message(2, "error", new(Number(1, "code"), Text(2, "message"), Flag(3, "temporary"))), Message(4, "push", Push), Message(5, "connect", Connected), Message(6, "subscribe", Subscribed),
        Message(7, "unsubscribe", Nothing), Message(8, "publish", Nothing), Message(9, "presence", new(new SchemaField(1, "presence", FieldKind.Map, Client))),
        Message(10, "presence_stats", new(Number(1, "num_clients"), Number(2, "num_users"))),
        Message(11, "history", new(new SchemaField(1, "publications", FieldKind.List, Publication), Text(2, "epoch"), Number(3, "offset"))), Message(13, "rpc", Data),
        Message(14, "refresh", new(Text(1, "client"), Text(2, "version"), Flag(3, "expires"), Number(4, "ttl"))), Message(15, "sub_refresh", new(Flag(1, "expires"), Number(2, "ttl"))));

    /// <summary>What the server says where the data of publications are texts, in which later ones say what changed.</summary>
    public static readonly SchemaMessage TextReply = new(Number(1, "id"), Message(4, "push", new(Text(2, "channel"), Message(4, "pub", TextPublication))), Message(6, "subscribe", SubscribedOf(TextPublication)));

    private static SchemaMessage PublicationOf(params SchemaField[] data) => new([.. data, Message(5, "info", Client), Number(6, "offset"), new(7, "tags", FieldKind.Map), Flag(8, "delta")]);

    private static SchemaMessage SubscribedOf(SchemaMessage publication) => new(
        Flag(1, "expires"), Number(2, "ttl"), Flag(3, "recoverable"), Text(6, "epoch"), new(7, "publications", FieldKind.List, publication), Flag(8, "recovered"), Number(9, "offset"), Flag(10, "positioned"),
        Flag(12, "was_recovering"), Flag(13, "delta"));

    private static SchemaField Number(int number, string name) => new(number, name, FieldKind.Number);

    private static SchemaField Signed(int number, string name) => new(number, name, FieldKind.Signed);

    private static SchemaField Flag(int number, string name) => new(number, name, FieldKind.Flag);

    private static SchemaField Text(int number, string name) => new(number, name, FieldKind.Text);

    private static SchemaField Json(int number, string name) => new(number, name, FieldKind.Json);

    private static SchemaField Message(int number, string name, SchemaMessage type) => new(number, name, FieldKind.Message, type);
}
