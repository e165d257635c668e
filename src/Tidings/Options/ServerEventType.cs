namespace Tidings;

/// <summary>The types of events that back ends and handlers are told.</summary>
public static class ServerEventType
{
    /// <summary>A connection is open. <c>data</c>: <c>transport</c>, and of a client by name <c>client</c>.</summary>
    public const string ConnectionOpened = "connection.opened";

    /// <summary>It has ended, once for each that was opened. <c>data</c>: <c>code</c> and <c>reason</c>.</summary>
    public const string ConnectionClosed = "connection.closed";

    /// <summary>A channel that had no subscriber has one.</summary>
    public const string ChannelOccupied = "channel.occupied";

    /// <summary>It has none any more, and has had none for three seconds.</summary>
    public const string ChannelVacated = "channel.vacated";

    /// <summary>Somebody is there in a channel with presence. <c>data</c>: <c>info</c>, where there is any.</summary>
    public const string MemberJoined = "member.joined";

    /// <summary>They are no longer there, and have not been for three seconds.</summary>
    public const string MemberLeft = "member.left";

    /// <summary>What is shown of them has changed.</summary>
    public const string MemberUpdated = "member.updated";

    /// <summary>A message was published in a channel that the receiver names. <c>data</c>: what subscribers get.</summary>
    public const string MessagePublished = "message.published";

    /// <summary>Events were dropped that waited too long, or were too many. <c>data</c>: <c>count</c>. What they would have told is to be asked for.</summary>
    public const string EventsTrimmed = "events.trimmed";
}
