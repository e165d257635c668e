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
    All = (1 << 8) - 1,
}

/// <summary>What events are called.</summary>
internal static class EventNames
{
    private static readonly string[] Names =
    [
        ServerEventType.ConnectionOpened, ServerEventType.ConnectionClosed, ServerEventType.ChannelOccupied, ServerEventType.ChannelVacated,
        ServerEventType.MemberJoined, ServerEventType.MemberLeft, ServerEventType.MemberUpdated, ServerEventType.MessagePublished,
    ];

    /// <summary>All that a receiver can ask for.</summary>
    public static IReadOnlyList<string> All => Names;

    public static string Of(EventType type) => Names[System.Numerics.BitOperations.TrailingZeroCount((int)type)];

    public static EventType? Find(string name) => Array.IndexOf(Names, name) is >= 0 and var index ? (EventType)(1 << index) : null;
}
