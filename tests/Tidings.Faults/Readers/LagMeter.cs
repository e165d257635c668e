using Tidings.Faults.Journals;

namespace Tidings.Faults.Readers;

/// <summary>How long it takes from the first attempt to publish until a reader has the message. Safe from any thread.</summary>
internal sealed class LagMeter(RunJournal journal)
{
    // Steps of a tenth of a millisecond, to ten seconds.
    private const int Steps = 100_000;

    private readonly int[] _counts = new int[Steps + 1];
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, long> _begun = new(StringComparer.Ordinal);

    /// <summary>Whether nothing is broken and nobody is catching up.</summary>
    public bool IsOn { get; set; }

    public void Clear() => Array.Clear(_counts);

    public void Began(Attempt attempt)
    {
        if (IsOn)
        {
            _begun[attempt.Name] = attempt.Invoked;
        }
    }

    public void Came(string? name)
    {
        if (IsOn && name is not null && _begun.TryGetValue(name, out var invoked))
        {
            var step = (journal.Now() - invoked) / (TimeSpan.TicksPerMillisecond / 10);
            Interlocked.Increment(ref _counts[Math.Clamp(step, 0, Steps)]);
        }
    }

    /// <returns>In milliseconds; null where nothing was measured.</returns>
    public double? Percentile(double part)
    {
        var all = _counts.Sum(static count => (long)count);
        if (all == 0)
        {
            return null;
        }

        long sum = 0;
        for (var step = 0; step <= Steps; step++)
        {
            sum += _counts[step];
            if (sum >= part * all)
            {
                return step / 10.0;
            }
        }

        return Steps / 10.0;
    }
}
