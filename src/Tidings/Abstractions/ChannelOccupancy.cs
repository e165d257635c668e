using Tidings.Protocol;

namespace Tidings;

/// <summary>Who subscribes to a channel, and where its log stands, on all nodes.</summary>
/// <param name="Channel">The channel's name.</param>
/// <param name="Subscribers">How many subscriptions there are.</param>
/// <param name="Users">How many members are there; null where the channel's kind has no presence.</param>
/// <param name="Position">Of the newest message; offset 0 where there is none.</param>
public sealed record ChannelOccupancy(string Channel, int Subscribers, int? Users, StreamPosition Position)
{
    /// <summary>Names of nodes that did not answer in time: what is theirs is not counted. Empty where all did.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];
}

/// <summary>A channel of a list.</summary>
/// <param name="Channel">Its name.</param>
/// <param name="Subscribers">How many subscriptions there are on all nodes, from 1.</param>
public sealed record OccupiedChannel(string Channel, int Subscribers);

/// <summary>A connection of the channel protocol.</summary>
/// <param name="Connection">Its id.</param>
/// <param name="User">The user; null for somebody anonymous.</param>
/// <param name="Subscriptions">How many channels it is subscribed to.</param>
/// <param name="Node">The name of its node.</param>
public sealed record ListedConnection(string Connection, string? User, int Subscriptions, string Node);

/// <summary>A page of a list over all nodes.</summary>
/// <param name="Items">In the order of names or ids, by their characters' numbers.</param>
/// <param name="Next">The <c>after</c> of the next page; null on the last.</param>
/// <param name="Missing">Names of nodes that did not answer in time: what they alone have is not here. Empty where all did.</param>
public sealed record NodePage<T>(IReadOnlyList<T> Items, string? Next, IReadOnlyList<string> Missing);

/// <summary>Who of some users is connected.</summary>
/// <param name="Users">By id; who is not connected and was not seen in the last 30 days is absent.</param>
/// <param name="Missing">Names of nodes that did not answer in time: who is connected there alone counts as away. Empty where all did.</param>
public sealed record OnlineUsers(IReadOnlyDictionary<string, OnlineUser> Users, IReadOnlyList<string> Missing);

/// <summary>A user.</summary>
/// <param name="Connections">How many connections there are on all nodes; 0 for somebody who is away.</param>
/// <param name="LastSeen">When somebody who is away was last connected; null for who is connected.</param>
public sealed record OnlineUser(int Connections, DateTimeOffset? LastSeen);
