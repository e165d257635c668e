namespace Tidings.Presence;

/// <summary>How presence is kept in the channels of a kind. Immutable.</summary>
/// <param name="Grace">How long a member is still there after its last connection has left: a page reload shows nobody leaving.</param>
/// <param name="PerConnection">Whether each connection is a member of its own, and not all of a user together.</param>
/// <param name="Tracked">Whether a member's info is what its connections say by themselves.</param>
public sealed record PresenceTerms(TimeSpan Grace, bool PerConnection = false, bool Tracked = false)
{
    /// <summary>Those of a kind that says nothing: five seconds of grace, all connections of a user together.</summary>
    public static readonly PresenceTerms Default = new(TimeSpan.FromSeconds(5));
}

/// <summary>A connection that is present in a channel.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="User">In whose name; of somebody anonymous, <c>~</c> and the connection's id.</param>
/// <param name="Connection">The connection's public id.</param>
/// <param name="Terms">How the channel's kind keeps presence.</param>
/// <param name="Said">JSON that a hook, a token or a signature says of the member, or empty.</param>
public readonly record struct Attendance(string Channel, string User, string Connection, PresenceTerms Terms, ReadOnlyMemory<byte> Said = default)
{
    /// <summary>What tells the member from all others of the channel.</summary>
    public string Member => Terms.PerConnection ? PresenceMember.KeyOf(User, Connection) : User;
}
