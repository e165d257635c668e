using Tidings.Protocol;

namespace Tidings.Nodes;

/// <summary>What is to be done.</summary>
public enum NodeAction : byte
{
    /// <summary>Send data to connections.</summary>
    Send,

    /// <summary>Subscribe connections to a channel.</summary>
    Subscribe,

    /// <summary>End subscriptions of connections to a channel.</summary>
    Unsubscribe,

    /// <summary>End connections.</summary>
    Disconnect,

    /// <summary>Take a text as if the connection had said it, where <see cref="NodeRequest.Secret"/> is its own.</summary>
    Hear,

    /// <summary>Show what a connection says of itself in a channel's presence, for its own user.</summary>
    Track,

    /// <summary>List what the node holds (what, is in the data).</summary>
    List,

    /// <summary>Publish reports of the node for a while.</summary>
    Report,
}

/// <summary>To whom.</summary>
public enum NodeTarget : byte
{
    /// <summary>All connections of a user.</summary>
    User,

    /// <summary>The connection of a public id.</summary>
    Connection,

    /// <summary>All connections of a user, or the one of that id where there is no such user.</summary>
    UserOrConnection,

    /// <summary>All connections that a token let in.</summary>
    Token,

    /// <summary>A client by name.</summary>
    Client,

    /// <summary>All clients by name.</summary>
    AllClients,
}

/// <summary>Something that every node does for those of its own connections that it concerns.</summary>
/// <param name="Action">What.</param>
/// <param name="Target">To whom.</param>
/// <param name="Name">The user, connection, token or client; of all clients, the one left out, or empty.</param>
public sealed record NodeRequest(NodeAction Action, NodeTarget Target, string Name)
{
    /// <summary>The user who sends; null where it is the server, or somebody anonymous.</summary>
    public string? From { get; init; }

    /// <summary>The connection of somebody anonymous who sends, or null.</summary>
    public string? Connection { get; init; }

    /// <summary>By what the one who speaks for a connection is known, or null.</summary>
    public string? Secret { get; init; }

    /// <summary>The channel, for subscribing and its end.</summary>
    public string? Channel { get; init; }

    /// <summary>What those are told who are disconnected.</summary>
    public DisconnectCode Code { get; init; } = DisconnectCode.DisconnectedByServer;

    /// <summary>Whether those who are disconnected must not come in again.</summary>
    public bool Revoke { get; init; }

    /// <summary>When that was said, in Unix milliseconds.</summary>
    public long RevokedAt { get; init; }

    /// <summary>What is sent, or said: JSON on one line.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }
}
