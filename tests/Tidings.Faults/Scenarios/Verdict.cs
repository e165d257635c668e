namespace Tidings.Faults.Scenarios;

/// <summary>What a scenario measured, and what did not hold.</summary>
internal sealed class Verdict
{
    private readonly List<string> _failures = [];
    private readonly Dictionary<string, string> _measures = [];
    private int _faults;

    public IReadOnlyList<string> Failures => _failures;
    public IReadOnlyDictionary<string, string> Measures => _measures;

    /// <summary>Faults that were made and survived.</summary>
    public int Faults => _faults;

    public bool Passed => _failures.Count == 0;

    /// <summary>Safe from any thread.</summary>
    public void Broke() => Interlocked.Increment(ref _faults);

    public void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            _failures.Add(otherwise);
        }
    }

    public void Note(string more) => _failures.Add(more);

    public void Measure(string what, string value) => _measures[what] = value;
}
