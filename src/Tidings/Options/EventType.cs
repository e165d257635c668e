namespace Tidings.Options;

/// <summary>What events are about.</summary>
[Flags]
internal enum EventType
{
    None = 0,
    ConnectionOpened = 1,
    ConnectionClosed = 1 << 1,
    ChannelOccupied = 1 << 2,
    ChannelVacated = 1 << 3,
    MemberJoined = 1 << 4,
    MemberLeft = 1 << 5,
    MemberUpdated = 1 << 6,
    MessagePublished = 1 << 7,

    /// <summary>All that a receiver can ask for by its name.</summary>
    All = (1 << 8) - 1,

    /// <summary>Somebody subscribed to a channel to be shown its newest message, and there is none. Told by the webhooks of a protocol that has a word for it.</summary>
    ChannelMissed = 1 << 8,
}

/// <summary>What events are called.</summary>
internal static class EventNames
{
    private static readonly string[] Names =
    [
        ServerEventType.ConnectionOpened, ServerEventType.ConnectionClosed, ServerEventType.ChannelOccupied, ServerEventType.ChannelVacated,
        ServerEventType.MemberJoined, ServerEventType.MemberLeft, ServerEventType.MemberUpdated, ServerEventType.MessagePublished, "channel.missed",
    ];

    /// <summary>All that a receiver can ask for.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Names.Where((_, index) => ((EventType)(1 << index) & EventType.All) != 0)];

    public static string Of(EventType type) => Names[System.Numerics.BitOperations.TrailingZeroCount((int)type)];

    /// <returns>Null where no receiver can ask for it.</returns>
    public static EventType? Find(string name) => Read(name) is { } type && (type & EventType.All) != 0 ? type : null;

    /// <summary>The type of an event that was told.</summary>
    public static EventType? Read(string name) => Array.IndexOf(Names, name) is >= 0 and var index ? (EventType)(1 << index) : null;
}
