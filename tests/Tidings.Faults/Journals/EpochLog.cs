namespace Tidings.Faults.Journals;

/// <summary>
/// The value that was seen first at each offset of one epoch. Whoever sees the same need note offsets alone, which is what makes journals
/// small; whoever sees another notes it in full. Its members are called under the channel's lock, and freely once the run is over.
/// </summary>
internal sealed class EpochLog
{
    // Offsets that a broken server makes up are noted in full.
    private const long LargestOffset = 50_000_000;

    private readonly List<int> _values = [];

    /// <summary>The values at offsets 1, 2, 3 …; <see cref="RunJournal.Nothing"/> where none was seen.</summary>
    public IReadOnlyList<int> Values => _values;

    /// <returns>Whether this value, and no other, was seen first.</returns>
    public bool Agrees(long offset, int value)
    {
        if (offset is < 1 or > LargestOffset || value == RunJournal.Corrupt)
        {
            return false;
        }

        while (_values.Count < offset)
        {
            _values.Add(RunJournal.Nothing);
        }

        var index = (int)offset - 1;
        if (_values[index] == RunJournal.Nothing)
        {
            _values[index] = value;
        }

        return _values[index] == value;
    }

    public int At(long offset) => offset >= 1 && offset <= _values.Count ? _values[(int)offset - 1] : RunJournal.Nothing;
}
