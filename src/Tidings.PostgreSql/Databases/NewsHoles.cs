namespace Tidings.PostgreSql.Databases;

/// <summary>Numbers of news that were given to somebody and have not been read: either their transaction has not committed yet, or it never will. Not safe for concurrent use.</summary>
internal sealed class NewsHoles
{
    // Where so many are missing at once, nobody has them: a sequence goes on behind what it had reserved when its server was killed.
    private const long MostBetween = 100_000;

    private readonly HashSet<long> _numbers = [];
    private readonly List<Group> _groups = [];
    private Group? _newest;

    public int Count => _numbers.Count;

    /// <summary>All that are missing.</summary>
    public long[] Take() => [.. _numbers];

    /// <summary>Those between two numbers are missing.</summary>
    public void AddBetween(long last, long next)
    {
        if (next - last <= MostBetween)
        {
            for (var number = last + 1; number < next; number++)
            {
                Add(number, _newest ??= Begin());
            }
        }
    }

    /// <summary>Some are missing, and one of those who are at work now may have them.</summary>
    public void Add(IEnumerable<long> numbers, HashSet<string> workers)
    {
        var group = Begin();
        group.Workers = workers;
        foreach (var number in numbers)
        {
            Add(number, group);
        }
    }

    /// <summary>One of them is there.</summary>
    public void Fill(long number) => _numbers.Remove(number);

    /// <summary>Who is at work now. Of those that were missing before, others than the ones at work then cannot have them.</summary>
    public void Look(HashSet<string> workers)
    {
        _newest = null;
        foreach (var group in _groups)
        {
            if (group.Workers is null)
            {
                group.Workers = workers;
            }
            else
            {
                group.Workers.IntersectWith(workers);
            }
        }
    }

    /// <summary>They were asked for once more: those that nobody had any more before are nobody's.</summary>
    public void Forget()
    {
        for (var i = _groups.Count - 1; i >= 0; i--)
        {
            if (_groups[i].Workers is { Count: 0 })
            {
                _numbers.ExceptWith(_groups[i].Numbers);
                _groups.RemoveAt(i);
            }
        }
    }

    private Group Begin()
    {
        var group = new Group();
        _groups.Add(group);
        return group;
    }

    private void Add(long number, Group group)
    {
        if (_numbers.Add(number))
        {
            group.Numbers.Add(number);
        }
    }

    private sealed class Group
    {
        public List<long> Numbers { get; } = [];

        /// <summary>Who may have them; null where nobody has looked yet.</summary>
        public HashSet<string>? Workers { get; set; }
    }
}
