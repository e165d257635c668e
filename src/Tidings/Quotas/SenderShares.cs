namespace Tidings.Quotas;

/// <summary>Shares out places among senders: each may have as many as are still free, so that one alone gets half of them, and there is always room for
/// one that has few. Safe from any thread.</summary>
/// <param name="places">How many there are.</param>
internal sealed class SenderShares(long places)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Sender, SenderShare> _shares = [];
    private long _taken;

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
            return (_shares.TryGetValue(sender, out var share) ? share.Taken : 0) + count <= places - _taken;
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
}

/// <summary>What one sender has taken.</summary>
internal sealed class SenderShare(Sender sender)
{
    public Sender Sender => sender;

    /// <summary>How many places. Under the lock of <see cref="SenderShares"/>.</summary>
    public long Taken { get; set; }
}
