namespace Tidings.Options;

/// <summary>What events are called in webhooks of the Pusher protocol.</summary>
internal static class PusherEventNames
{
    private static readonly (string Name, EventType Type)[] Names =
    [
        ("channel_occupied", EventType.ChannelOccupied), ("channel_vacated", EventType.ChannelVacated), ("member_added", EventType.MemberJoined), ("member_removed", EventType.MemberLeft),
        ("client_event", EventType.MessagePublished), ("cache_miss", EventType.ChannelMissed),
    ];

    public static IEnumerable<string> All => Names.Select(static one => one.Name);

    public static string? Of(EventType type) => Array.Find(Names, one => one.Type == type).Name;

    public static EventType? Find(string name) => Array.FindIndex(Names, one => one.Name == name) is >= 0 and var index ? Names[index].Type : null;

    /// <summary>The types that names stand for; all of the protocol where there is none.</summary>
    public static EventType TypesOf(IList<string> names) =>
        (names.Count == 0 ? All : names).Aggregate(EventType.None, static (types, name) => types | (Find(name) ?? EventType.None));
}
