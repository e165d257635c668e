namespace Tidings.Quotas;

/// <summary>Shares out places among senders: each may have as many as are still free, so that one alone gets half of them, and there is always room for
/// one that has few. Safe from any thread.</summary>
/// <param name="places">How many there are.</param>
internal sealed class SenderShares(long places)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Sender, SenderShare> _shares = [];
    private long _places = places;
    private long _taken;

    /// <summary>How many there are; those that are taken stay so.</summary>
    public long Places
    {
        get => Volatile.Read(ref _places);
        set => Volatile.Write(ref _places, value);
    }

    /// <summary>How many are taken.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>How many senders have some.</summary>
    public int Senders
    {
        get
        {
            lock (_gate)
            {
                return _shares.Count;
            }
        }
    }

    /// <summary>Whether the sender may take as many as <paramref name="count"/>.</summary>
    public bool HasRoom(Sender sender, int count)
    {
        lock (_gate)
        {
            return (_shares.TryGetValue(sender, out var share) ? share.Taken : 0) + count <= Places - _taken;
        }
    }

    /// <summary>Takes places, whether there is room or not.</summary>
    public SenderShare Take(Sender sender, int count)
    {
        lock (_gate)
        {
            if (!_shares.TryGetValue(sender, out var share))
            {
                _shares.Add(sender, share = new SenderShare(sender));
            }

            share.Taken += count;
            _taken += count;
            return share;
        }
    }

    /// <summary>Takes places and gives some back, all of it or nothing: where there is room for what is taken. The server may have all of them.</summary>
    public ShareTaken TryChange(IReadOnlyList<SenderChange> changes)
    {
        lock (_gate)
        {
            var free = Places - _taken;
            foreach (var (sender, more) in changes)
            {
                if (more > 0 && more > free)
                {
                    return ShareTaken.AllFull;
                }

                if (more > 0 && !sender.IsServer && (_shares.TryGetValue(sender, out var share) ? share.Taken : 0) + more > free)
                {
                    return ShareTaken.SenderFull;
                }
            }

            Apply_NeedsLock(changes);
            return ShareTaken.Yes;
        }
    }

    /// <summary>Takes places and gives some back, whether there is room or not.</summary>
    public void Change(IReadOnlyList<SenderChange> changes)
    {
        lock (_gate)
        {
            Apply_NeedsLock(changes);
        }
    }

    /// <summary>Gives places back.</summary>
    public void Give(SenderShare share, int count)
    {
        lock (_gate)
        {
            share.Taken -= count;
            _taken -= count;
            if (share.Taken == 0)
            {
                _shares.Remove(share.Sender);
            }
        }
    }

    private void Apply_NeedsLock(IReadOnlyList<SenderChange> changes)
    {
        foreach (var (sender, more) in changes)
        {
            if (!_shares.TryGetValue(sender, out var share))
            {
                _shares.Add(sender, share = new SenderShare(sender));
            }

            share.Taken += more;
            _taken += more;
            if (share.Taken == 0)
            {
                _shares.Remove(sender);
            }
        }
    }
}

/// <summary>How much of its share a sender takes more.</summary>
/// <param name="Sender">Whose share.</param>
/// <param name="More">How many places, or bytes; negative where some are given back.</param>
public readonly record struct SenderChange(Sender Sender, long More);

/// <summary>What became of a wish for places.</summary>
internal enum ShareTaken : byte
{
    Yes,

    /// <summary>The sender has its share: it alone is refused.</summary>
    SenderFull,

    /// <summary>All senders together have what there is.</summary>
    AllFull,
}

/// <summary>What one sender has taken.</summary>
internal sealed class SenderShare(Sender sender)
{
    public Sender Sender => sender;

    /// <summary>How many places. Under the lock of <see cref="SenderShares"/>.</summary>
    public long Taken { get; set; }
}
