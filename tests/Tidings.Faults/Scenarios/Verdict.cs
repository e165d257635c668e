namespace Tidings.Faults.Scenarios;

/// <summary>What a scenario measured, and what did not hold.</summary>
internal sealed class Verdict
{
    private readonly List<string> _failures = [];
    private readonly Dictionary<string, string> _measures = [];

    public IReadOnlyList<string> Failures => _failures;
    public IReadOnlyDictionary<string, string> Measures => _measures;

    /// <summary>Faults that were made and survived.</summary>
    public int Faults { get; private set; }

    public bool Passed => _failures.Count == 0;

    public void Broke() => Faults++;

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
