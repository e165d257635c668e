namespace Tidings.Events;

/// <summary>Cuts refused events in two, so that what can be taken soon is apart from what cannot.</summary>
internal static class DeliverySplit
{
    /// <summary>Two parts that are about different channels and users, where there are such; else the first half and the second.</summary>
    /// <param name="events">The events.</param>
    /// <param name="isSuspect">Which are likely to be refused: what has nothing to do with them is one of the parts.</param>
    public static IReadOnlyList<IReadOnlyList<QueuedEvent>> Of(IReadOnlyList<QueuedEvent> events, Func<QueuedEvent, bool>? isSuspect = null)
    {
        if (events.Count < 2)
        {
            return [events];
        }

        var half = events.Count / 2;
        var groups = GroupsOf(events);
        var suspect = isSuspect is null ? [] : groups.Where((_, index) => isSuspect(events[index])).ToHashSet();
        if (suspect.Count > 0 && groups.Any(group => !suspect.Contains(group)))
        {
            return [Choose(events, groups, group => !suspect.Contains(group)), Choose(events, groups, suspect.Contains)];
        }

        var first = new HashSet<int> { groups[0] };
        var count = 0;
        foreach (var group in groups.CountBy(static group => group))
        {
            if (count > 0 && count + group.Value > half)
            {
                break;
            }

            first.Add(group.Key);
            count += group.Value;
        }

        return first.Count < groups.Distinct().Count()
            ? [Choose(events, groups, first.Contains), Choose(events, groups, group => !first.Contains(group))]
            : [[.. events.Take(half)], [.. events.Skip(half)]];
    }

    // Events that have a key in common, by whatever way, have the same number.
    private static int[] GroupsOf(IReadOnlyList<QueuedEvent> events)
    {
        var parents = Enumerable.Range(0, events.Count).ToArray();
        var owners = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < events.Count; i++)
        {
            foreach (var key in events[i].Keys)
            {
                if (!owners.TryAdd(key, i))
                {
                    parents[Find(parents, i)] = Find(parents, owners[key]);
                }
            }
        }

        return [.. parents.Select((_, i) => Find(parents, i))];
    }

    private static int Find(int[] parents, int i)
    {
        while (parents[i] != i)
        {
            i = parents[i] = parents[parents[i]];
        }

        return i;
    }

    private static IReadOnlyList<QueuedEvent> Choose(IReadOnlyList<QueuedEvent> events, int[] groups, Func<int, bool> chosen) => [.. events.Where((_, index) => chosen(groups[index]))];
}
