using System.Collections.Concurrent;

namespace Tidings.Tasks;

/// <summary>Of which tasks a sign of life has been taken lately, so that a worker that writes much renews its lease now and then and not each time. Safe from any thread.</summary>
/// <param name="interval">How long one is enough.</param>
/// <param name="time">The clock.</param>
internal sealed class SignsOfLife(TimeSpan interval, TimeProvider time)
{
    // Beyond, all are forgotten: then each is taken once more than needed.
    private const int MostTasks = 10_000;

    private readonly ConcurrentDictionary<string, long> _taken = new(StringComparer.Ordinal);

    /// <summary>Whether another sign of a task is to be taken; from then on it counts as taken.</summary>
    public bool IsDue(string id)
    {
        var now = time.GetTimestamp();
        if (_taken.TryGetValue(id, out var before) && time.GetElapsedTime(before, now) < interval)
        {
            return false;
        }

        if (_taken.Count >= MostTasks)
        {
            _taken.Clear();
        }

        _taken[id] = now;
        return true;
    }
}
