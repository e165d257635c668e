namespace Tidings.Events;

/// <summary>What a node holds until nobody has been there for a while. Under the recorder's lock.</summary>
internal abstract class HeldPlace(string key, EventSubject subject)
{
    /// <summary>What the node holds.</summary>
    public string Key => key;

    public EventSubject Subject => subject;

    /// <summary>When it ends, unless somebody comes back; otherwise <see cref="long.MaxValue"/>.</summary>
    public long LeavesAt { get; set; } = long.MaxValue;
}

/// <summary>A channel that somebody here subscribes to.</summary>
internal sealed class HeldChannel(EventSubject subject) : HeldPlace("o" + subject.Channel, subject)
{
    public int Subscribers { get; set; }
}

/// <summary>A member who is here.</summary>
internal sealed class HeldMember(EventSubject subject) : HeldPlace($"m{subject.Channel}\n{subject.User}", subject)
{
    public HashSet<string> Connections { get; } = new(StringComparer.Ordinal);
}
