using Tidings.Presence;

namespace Tidings.Events;

/// <summary>What a node holds until nobody has been there for a while. Under the recorder's lock.</summary>
internal abstract class HeldPlace(string key, EventSubject subject)
{
    /// <summary>What the node holds.</summary>
    public string Key => key;

    public EventSubject Subject { get; set; } = subject;

    /// <summary>When it ends, unless somebody comes back; otherwise <see cref="long.MaxValue"/>.</summary>
    public long LeavesAt { get; set; } = long.MaxValue;
}

/// <summary>A channel that somebody here subscribes to.</summary>
internal sealed class HeldChannel(EventSubject subject) : HeldPlace("o" + subject.Channel, subject)
{
    public int Subscribers { get; set; }
}

/// <summary>A member who is here.</summary>
/// <param name="subject">What is told of them.</param>
/// <param name="vouched">JSON that the server was told of them, or empty.</param>
internal sealed class HeldMember(EventSubject subject, ReadOnlyMemory<byte> vouched) : HeldPlace($"m{subject.Channel}\n{subject.User}", subject)
{
    public ReadOnlyMemory<byte> Vouched => vouched;

    public MemberConnections Connections { get; } = new();
}
