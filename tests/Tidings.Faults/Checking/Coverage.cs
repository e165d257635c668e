using Tidings.Protocol;

namespace Tidings.Faults.Checking;

/// <summary>What one subscription has covered since it last began, and what it has passed over.</summary>
internal sealed class Coverage
{
    private readonly List<(long First, long Last)> _holes = [];

    public StreamPosition Start { get; private set; }

    /// <summary>Null before it was answered.</summary>
    public StreamPosition? Cursor { get; private set; }

    public IReadOnlyList<(long First, long Last)> Holes => _holes;

    public void Begin(StreamPosition position)
    {
        Start = position;
        Cursor = position;
    }

    public void Reach(long offset)
    {
        if (offset > Cursor!.Value.Offset)
        {
            Cursor = Cursor.Value with { Offset = offset };
        }
    }

    /// <summary>All up to this offset was passed over.</summary>
    public void Skip(long last)
    {
        _holes.Add((Cursor!.Value.Offset + 1, last));
        Reach(last);
    }

    /// <summary>What was passed over has come after all.</summary>
    /// <returns>False where it was not missing.</returns>
    public bool Fill(long offset)
    {
        for (var i = _holes.Count - 1; i >= 0; i--)
        {
            var (first, last) = _holes[i];
            if (offset < first || offset > last)
            {
                continue;
            }

            _holes.RemoveAt(i);
            if (first < offset)
            {
                _holes.Add((first, offset - 1));
            }

            if (offset < last)
            {
                _holes.Add((offset + 1, last));
            }

            return true;
        }

        return false;
    }

    public void Forget() => _holes.Clear();
}
