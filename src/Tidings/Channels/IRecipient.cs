namespace Tidings.Channels;

/// <summary>Whom a subscription belongs to, for messages that some do not get. It is the <see cref="Connections.Connection.Tag"/> of its connection.</summary>
internal interface IRecipient
{
    /// <summary>The connection's public id.</summary>
    string Id { get; }

    /// <summary>The user's id; null while anonymous.</summary>
    string? User { get; }
}
