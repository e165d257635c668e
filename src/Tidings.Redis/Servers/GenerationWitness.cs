using System.Globalization;

namespace Tidings.Redis.Servers;

/// <summary>What this process has seen of one server's generations. No copy of the server's data has it: where there is less than was seen, something is missing. Safe from any thread.</summary>
internal sealed class GenerationWitness
{
    private const int MostGenerations = 8;

    private readonly Lock _gate = new();
    private readonly List<Sight> _former = [];
    private volatile Sight? _latest;

    /// <summary>Notes that a generation has had so many publishes.</summary>
    public void Saw(string generation, long publishes)
    {
        var latest = _latest;
        if (latest is null || latest.Generation != generation)
        {
            latest = Find(generation);
        }

        latest.Raise(publishes);
    }

    /// <summary>The generations that were seen, each before the number of its publishes.</summary>
    public IReadOnlyList<RedisValue> Testify()
    {
        lock (_gate)
        {
            return [.. _former.SelectMany(static sight => (RedisValue[])[sight.Generation, sight.Publishes.ToString(CultureInfo.InvariantCulture)])];
        }
    }

    private Sight Find(string generation)
    {
        lock (_gate)
        {
            var found = _former.Find(sight => sight.Generation == generation);
            if (found is null)
            {
                found = new Sight(generation);
                _former.Add(found);
                if (_former.Count > MostGenerations)
                {
                    _former.RemoveAt(0);
                }
            }

            return _latest = found;
        }
    }

    private sealed class Sight(string generation)
    {
        private long _publishes;

        public string Generation => generation;

        public long Publishes => Volatile.Read(ref _publishes);

        public void Raise(long publishes)
        {
            for (var seen = Publishes; seen < publishes; seen = Publishes)
            {
                Interlocked.CompareExchange(ref _publishes, publishes, seen);
            }
        }
    }
}
