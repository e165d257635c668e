namespace Tidings.Events;

/// <summary>By whom events came about that a receiver did not take, though nobody else's were with them. What they do is told apart from the rest. Not safe for several threads.</summary>
internal sealed class DeliverySuspects
{
    // Beyond, those go who were noted first.
    private const int Most = 1000;

    private readonly HashSet<string> _sources = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    public bool Any => _sources.Count > 0;

    public bool Has(QueuedEvent one) => _sources.Contains(one.Source);

    public bool HasNot(QueuedEvent one) => !Has(one);

    public void Add(string source)
    {
        if (_sources.Add(source))
        {
            _order.Enqueue(source);
            if (_order.Count > Most)
            {
                _sources.Remove(_order.Dequeue());
            }
        }
    }

    public void Clear()
    {
        _sources.Clear();
        _order.Clear();
    }
}
