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

    /// <summary>Takes places for what its holder has some of, or gives some back, where there is room. The server may have all of them.</summary>
    /// <param name="share">What the holder has taken for its sender; a new one where it is the first.</param>
    /// <param name="change">How many more; negative where they are given back.</param>
    public ShareTaken TryChange(ref SenderShare share, int change)
    {
        lock (_gate)
        {
            if (_shares.TryGetValue(share.Sender, out var known))
            {
                share = known;
            }
            else
            {
                _shares.Add(share.Sender, share);
            }

            var refusal = change <= 0 ? ShareTaken.Yes
                : change > places - _taken ? ShareTaken.AllFull
                : !share.Sender.IsServer && share.Taken + change > places - _taken ? ShareTaken.SenderFull
                : ShareTaken.Yes;
            if (refusal == ShareTaken.Yes)
            {
                share.Taken += change;
                _taken += change;
            }

            if (share.Taken == 0)
            {
                _shares.Remove(share.Sender);
            }

            return refusal;
        }
    }

    /// <summary>Takes places, whether there is room or not, for what its holder has already.</summary>
    public void TakeAll(ref SenderShare share, int count)
    {
        lock (_gate)
        {
            if (!_shares.TryGetValue(share.Sender, out var known))
            {
                _shares.Add(share.Sender, known = share);
            }

            share = known;
            share.Taken += count;
            _taken += count;
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
