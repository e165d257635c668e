using Tidings.Attacks.Attacks;

namespace Tidings.Attacks;

/// <summary>All attacks. A new one is a class in <c>Attacks/</c> and a line here.</summary>
internal static class AttackTable
{
    public static readonly IReadOnlyList<Attack> All =
    [
        new AnnouncedBodies(),
        new HalfHeads(),
        new HalfMessages(),
        new Bombs(),
        new BurstsOverConnections(),
        new IdleConnections(),
        new TicketsWithoutEnd(),
        new ComingAndGoing(),
        new Histories(),
        new NamesOnlyRead(),
        new KeysWithoutEnd(),
        new SubscriptionsWithoutEnd(),
    ];

    public static Attack? Find(string id) => All.FirstOrDefault(attack => attack.Id == id);
}
