namespace Tidings.Lanes;

/// <summary>Items under small numbers that are used again. Each use has its own generation, so that a stale number finds nothing.</summary>
internal sealed class SlotTable<T> where T : class
{
    private Slot[] _slots = new Slot[64];
    private int _used;
    private int _free = -1;

    public int Count { get; private set; }

    /// <summary>Keeps <paramref name="item"/> and returns its key: generation in the upper half, slot in the lower.</summary>
    public ulong Add(T item)
    {
        int index;
        if (_free >= 0)
        {
            index = _free;
            _free = _slots[index].NextFree;
        }
        else
        {
            index = _used++;
            if (index == _slots.Length)
            {
                Array.Resize(ref _slots, 2 * _slots.Length);
            }
        }

        ref var slot = ref _slots[index];
        slot.Item = item;
        Count++;
        return ((ulong)slot.Generation << 32) | (uint)index;
    }

    public T? Find(ulong key)
    {
        var index = (uint)key;
        return index < (uint)_used && _slots[index].Generation == (uint)(key >> 32) ? _slots[index].Item : null;
    }

    public bool Remove(ulong key)
    {
        if (Find(key) is null)
        {
            return false;
        }

        var index = (int)(uint)key;
        ref var slot = ref _slots[index];
        slot.Item = null;
        slot.Generation++;
        slot.NextFree = _free;
        _free = index;
        Count--;
        return true;
    }

    /// <summary>A copy of what is there now, safe to walk while items leave.</summary>
    public List<T> Snapshot() => Snapshot<T>();

    /// <summary>The same where all items are <typeparamref name="TItem"/>.</summary>
    public List<TItem> Snapshot<TItem>() where TItem : class, T
    {
        var items = new List<TItem>(Count);
        for (var i = 0; i < _used; i++)
        {
            if (_slots[i].Item is { } item)
            {
                items.Add((TItem)item);
            }
        }

        return items;
    }

    private struct Slot
    {
        public T? Item;
        public uint Generation;
        public int NextFree;
    }
}
