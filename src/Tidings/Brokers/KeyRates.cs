using Tidings.Quotas;

namespace Tidings.Brokers;

/// <summary>How many idempotency keys each sender has used on this node within their time, where it is not the node that remembers them. Safe from any thread.</summary>
/// <remarks>Counted in slots of a minute: a key counts until the slot in which it was used lies wholly beyond the window. A repeat counts again.</remarks>
internal sealed class KeyRates(TimeProvider time, int most = KeyRates.Most)
{
    /// <summary>How many one sender may use in five minutes, over all channels.</summary>
    public const int Most = 300_000;

    private const int Slots = 6;
    private static readonly TimeSpan Slot = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<Sender, int[]> _used = [];
    private long _slot = -1;

    /// <summary>How many senders are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _used.Count;
            }
        }
    }

    /// <param name="sender">Who uses a key. The server may use as many as it likes.</param>
    /// <param name="retryAfter">Where it is refused, the milliseconds after which to try again.</param>
    public bool TryUse(Sender sender, out int retryAfter)
    {
        retryAfter = 0;
        if (sender.IsServer)
        {
            return true;
        }

        var now = time.GetElapsedTime(0);
        var slot = now.Ticks / Slot.Ticks;
        lock (_gate)
        {
            Turn_NeedsLock(slot);
            if (!_used.TryGetValue(sender, out var used))
            {
                _used.Add(sender, used = new int[Slots]);
            }

            if (used.Sum() >= most)
            {
                retryAfter = (int)((Slot.Ticks - (now.Ticks % Slot.Ticks)) / TimeSpan.TicksPerMillisecond) + 1;
                return false;
            }

            used[slot % Slots]++;
            return true;
        }
    }

    // What was used six slots ago counts no longer. Who has used nothing since is forgotten.
    private void Turn_NeedsLock(long slot)
    {
        if (slot == _slot)
        {
            return;
        }

        var passed = Math.Min(Slots, slot - _slot);
        _slot = slot;
        foreach (var (sender, used) in _used)
        {
            for (var i = 0; i < passed; i++)
            {
                used[(slot - i) % Slots] = 0;
            }

            if (used.Sum() == 0)
            {
                _used.Remove(sender);
            }
        }
    }
}
