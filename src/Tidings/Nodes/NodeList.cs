using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tidings.Nodes;

/// <summary>Of what a list is.</summary>
internal enum NodeListKind : byte
{
    /// <summary>Channels with their subscribers, by name.</summary>
    Channels,

    /// <summary>Connections of the channel protocol, by id.</summary>
    Connections,

    /// <summary>Subscribers of channels that are named; those without any are left out.</summary>
    Subscribers,

    /// <summary>Connections of users that are named; those without any are left out.</summary>
    Users,

    /// <summary>Connections that are named, by public id or by what they are called outside where they have none.</summary>
    NamedConnections,
}

/// <summary>What is to be listed of a node, in the order of names.</summary>
internal sealed record NodeListQuery
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required NodeListKind Of { get; init; }

    /// <summary>What names begin with, or null.</summary>
    public string? Prefix { get; init; }

    /// <summary>A pattern of channels, or null.</summary>
    public string? Pattern { get; init; }

    /// <summary>Whose connections, or null.</summary>
    public string? User { get; init; }

    /// <summary>The channel that connections are subscribed to, or null.</summary>
    public string? Channel { get; init; }

    /// <summary>Only names behind this one; null for all.</summary>
    public string? After { get; init; }

    /// <summary>The most that are wanted.</summary>
    public int Limit { get; init; }

    /// <summary>The channels whose subscribers, or users whose connections, are counted; or the connections that are looked for.</summary>
    public IReadOnlyList<string>? Names { get; init; }

    public NodeRequest ToRequest() => new(NodeAction.List, NodeTarget.AllClients, "") { Data = JsonSerializer.SerializeToUtf8Bytes(this, NodeListJson.Default.NodeListQuery) };

    /// <summary>Reads what another node asks.</summary>
    /// <returns>Null where it is no query.</returns>
    public static NodeListQuery? Read(ReadOnlySpan<byte> json) => NodeListJson.Read(json, NodeListJson.Default.NodeListQuery);
}

/// <summary>One entry of a list.</summary>
/// <param name="Name">The channel, the connection's id, or the user.</param>
/// <param name="Count">The channel's subscribers, the connection's subscriptions, or the user's connections.</param>
/// <param name="User">The connection's user; null for somebody anonymous, and for a channel.</param>
/// <param name="Protocol">What the connection speaks, such as <c>pusher</c>; null for a channel and for a user, and from a node of a version that does not say it.</param>
public sealed record NodeListRow(string Name, int Count, string? User = null, string? Protocol = null)
{
    /// <summary>Rows as a node answers with them.</summary>
    /// <param name="rows">The rows.</param>
    public static byte[] Write(IReadOnlyList<NodeListRow> rows) => JsonSerializer.SerializeToUtf8Bytes(rows, NodeListJson.Default.IReadOnlyListNodeListRow);

    /// <summary>Reads what another node answers.</summary>
    /// <param name="json">The answer.</param>
    /// <returns>Null where it is no list.</returns>
    public static IReadOnlyList<NodeListRow>? Read(ReadOnlySpan<byte> json) =>
        NodeListJson.Read(json, NodeListJson.Default.IReadOnlyListNodeListRow) is { } rows && rows.All(static row => row is { Name.Length: > 0, Count: >= 0 }) ? rows : null;
}

/// <summary>What the nodes answer.</summary>
/// <param name="Answers">Of each that did, by its name.</param>
/// <param name="Missing">The names of those that did not.</param>
public sealed record NodeAnswers(IReadOnlyList<(string Node, ReadOnlyMemory<byte> Data)> Answers, IReadOnlyList<string> Missing)
{
    /// <summary>Those of no node.</summary>
    public static readonly NodeAnswers None = new([], []);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, UseStringEnumConverter = true, MaxDepth = 4)]
[JsonSerializable(typeof(NodeListQuery))]
[JsonSerializable(typeof(IReadOnlyList<NodeListRow>))]
internal sealed partial class NodeListJson : JsonSerializerContext
{
    public static T? Read<T>(ReadOnlySpan<byte> json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
