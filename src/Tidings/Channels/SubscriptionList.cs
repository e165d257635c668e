namespace Tidings.Channels;

/// <summary>Subscriptions in no order, each of which knows its place, so that leaving costs the same however many there are.</summary>
internal struct SubscriptionList
{
    private Subscription[]? _items;

    public int Count { get; private set; }

    public readonly Subscription this[int index] => _items![index];

    public void Add(Subscription subscription)
    {
        _items ??= new Subscription[1];
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, 2 * Count);
        }

        subscription.Index = Count;
        _items[Count++] = subscription;
    }

    public void Remove(Subscription subscription)
    {
        var last = _items![--Count];
        _items[subscription.Index] = last;
        last.Index = subscription.Index;
        _items[Count] = null!;
        subscription.Index = -1;
        if (_items.Length >= 8 && Count <= _items.Length / 4)
        {
            Array.Resize(ref _items, _items.Length / 2);
        }
    }
}
