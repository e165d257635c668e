using System.Diagnostics.CodeAnalysis;
using Tidings.Quotas;

namespace Tidings.Security.Identities;

/// <summary>What secrets stand for, for a while: bounded in number, in all and for each sender. Not safe from several threads.</summary>
/// <param name="lifetime">How long one holds after it was added or shown.</param>
/// <param name="share">The most of one sender: over it the sender's oldest go.</param>
/// <param name="most">The most of all: over it the oldest of the sender that has most go.</param>
/// <param name="time">The clock.</param>
internal sealed class HeldSecrets<TValue>(TimeSpan lifetime, int share, int most, TimeProvider time)
{
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<Sender, LinkedList<Entry>> _senders = [];

    // All entries, and those of each sender, stand in the order of their ends.
    private readonly LinkedList<Entry> _all = [];

    // Senders by how many they have, so that the one with most is found at once.
    private readonly HashSet<Sender>[] _byCount = [.. Enumerable.Range(0, share + 1).Select(static _ => new HashSet<Sender>())];
    private int _largest;

    public int Count => _entries.Count;

    /// <summary>Adds one, and lets others go for it where there are too many.</summary>
    /// <returns>False where the name is taken.</returns>
    public bool TryAdd(string name, Sender sender, TValue value)
    {
        Expire();
        if (_entries.ContainsKey(name))
        {
            return false;
        }

        if (_senders.TryGetValue(sender, out var own) && own.Count >= share)
        {
            Remove(own.First!.Value);
        }
        else if (_entries.Count >= most)
        {
            Remove(_senders[_byCount[_largest].First()].First!.Value);
        }

        var entry = new Entry(name, sender, value) { Until = Now + lifetime };
        _entries.Add(name, entry);
        entry.InAll = _all.AddLast(entry);
        own = _senders.TryGetValue(sender, out own) ? own : _senders[sender] = [];
        entry.InOwn = own.AddLast(entry);
        Recount(sender, own.Count - 1, own.Count);
        return true;
    }

    /// <summary>Finds one and takes it away.</summary>
    public bool TryTake(string name, [MaybeNullWhen(false)] out TValue value)
    {
        if (!TryGet(name, out value))
        {
            return false;
        }

        Remove(_entries[name]);
        return true;
    }

    public bool TryGet(string name, [MaybeNullWhen(false)] out TValue value)
    {
        Expire();
        value = _entries.TryGetValue(name, out var entry) ? entry.Value : default;
        return entry is not null;
    }

    /// <summary>It holds for its whole lifetime again, and is the sender's newest.</summary>
    public void Renew(string name)
    {
        var entry = _entries[name];
        entry.Until = Now + lifetime;
        _all.Remove(entry.InAll);
        _all.AddLast(entry.InAll);
        var own = _senders[entry.Sender];
        own.Remove(entry.InOwn);
        own.AddLast(entry.InOwn);
    }

    private TimeSpan Now => time.GetElapsedTime(0);

    private void Expire()
    {
        var now = Now;
        while (_all.First is { Value: var oldest } && oldest.Until <= now)
        {
            Remove(oldest);
        }
    }

    private void Remove(Entry entry)
    {
        _entries.Remove(entry.Name);
        _all.Remove(entry.InAll);
        var own = _senders[entry.Sender];
        own.Remove(entry.InOwn);
        Recount(entry.Sender, own.Count + 1, own.Count);
        if (own.Count == 0)
        {
            _senders.Remove(entry.Sender);
        }
    }

    private void Recount(Sender sender, int before, int now)
    {
        _byCount[before].Remove(sender);
        if (now > 0)
        {
            _byCount[now].Add(sender);
        }

        _largest = Math.Max(_largest, now);
        while (_largest > 0 && _byCount[_largest].Count == 0)
        {
            _largest--;
        }
    }

    private sealed class Entry(string name, Sender sender, TValue value)
    {
        public string Name => name;
        public Sender Sender => sender;
        public TValue Value => value;
        public TimeSpan Until { get; set; }
        public LinkedListNode<Entry> InAll { get; set; } = null!;
        public LinkedListNode<Entry> InOwn { get; set; } = null!;
    }
}
