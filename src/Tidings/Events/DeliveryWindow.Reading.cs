namespace Tidings.Events;

/// <content>What is read into it, what has gone from the queue meanwhile, and what is left there for later.</content>
internal sealed partial class DeliveryWindow
{
    /// <summary>The most events that wait in it.</summary>
    public const int MostWaiting = 10_000;

    /// <summary>With so many bytes that wait it is full.</summary>
    public const int MostWaitingBytes = 8 << 20;

    // Channels and users of which something was left in the queue: whatever comes after it is left there, too.
    private readonly HashSet<string> _left = new(StringComparer.Ordinal);

    // While places are read that were read before: what has been told meanwhile.
    private readonly HashSet<EventPlace> _done = [];
    private EventPlace _read;
    private EventPlace _known;
    private EventPlace _first;

    /// <summary>The place up to which the queue has been read.</summary>
    public EventPlace Read => _read;

    public bool IsFull => _waiting.Count >= MostWaiting || _bytes >= MostWaitingBytes;

    /// <summary>Whether something was left in the queue.</summary>
    public bool HasLeft => _left.Count > 0;

    /// <summary>Whether what others waited for was done with since something was left in the queue, or nobody waits for anything refused.</summary>
    public bool MayTakeUp { get => field || !_batches.Exists(static batch => batch.IsRefused); private set; }

    /// <summary>Dropped events that were under way when they were dropped: whether they are told is not known yet.</summary>
    public int DroppedUnderWay => _batches.Where(static batch => batch.IsUnderWay).Sum(batch => batch.Events.Count(IsGone));

    /// <summary>Takes a page that was read behind <see cref="Read"/>.</summary>
    public void Add(EventPage page)
    {
        _first = page.First;
        while (_waiting.First is { } oldest && IsGone(oldest.Value))
        {
            Forget(oldest);
        }

        DropGone();
        Add(page.Events);
        _read = page.Last;
        if (_read.CompareTo(_known) >= 0)
        {
            _known = _read;
            _done.Clear();
        }
    }

    public void Add(IEnumerable<QueuedEvent> events)
    {
        var taken = _read.CompareTo(_known) < 0 ? _batches.SelectMany(static batch => batch.Events).Select(static one => one.Place).Concat(_done).ToHashSet() : [];
        foreach (var one in events.Where(one => !taken.Contains(one.Place)))
        {
            if (!Leave(one))
            {
                _waiting.AddLast(one);
                _bytes += one.Json.Length;
            }
        }
    }

    /// <summary>Leaves in the queue what waits for refused events, and most of what is not chosen.</summary>
    public void MakeRoom(Func<QueuedEvent, bool>? chosen)
    {
        _left.UnionWith(_batches.Where(static batch => batch.IsRefused).SelectMany(static batch => batch.Events).SelectMany(static one => one.Keys));
        LeaveWaiting(chosen);
    }

    /// <summary>Leaves a refused batch in the queue, with all that waits for it.</summary>
    public void Leave(DeliveryBatch batch)
    {
        foreach (var later in _batches.SkipWhile(other => other != batch).Where(other => other == batch || (other.Origin == batch.Origin && other.SharesKeysWith(batch))).ToList())
        {
            _batches.Remove(later);
            Count(later.Events, -1);
            _left.UnionWith(later.Events.SelectMany(static one => one.Keys));
            _done.ExceptWith(later.Events.Select(static one => one.Place));
        }

        LeaveWaiting(chosen: null);
    }

    /// <summary>Begins to read again what was left in the queue.</summary>
    public void TakeUp()
    {
        _waiting.Clear();
        _left.Clear();
        (_bytes, _read, MayTakeUp) = (0, default, false);
    }

    /// <summary>Forgets everything: it is read again by the node that delivers then.</summary>
    public void Clear()
    {
        TakeUp();
        _batches.Clear();
        _busy.Clear();
        _done.Clear();
        (_known, _first) = (default, default);
    }

    private bool IsGone(QueuedEvent one) => one.Place != default && one.Place.CompareTo(_first) < 0;

    private bool Leave(QueuedEvent one)
    {
        if (_left.Count == 0 || !Array.Exists(one.Keys, _left.Contains))
        {
            return false;
        }

        _left.UnionWith(one.Keys);
        return true;
    }

    // Those that are under way may be told all the same.
    private void DropGone()
    {
        foreach (var batch in _batches.Where(batch => !batch.IsUnderWay && batch.Events.Any(IsGone)).ToList())
        {
            List<QueuedEvent> left = [.. batch.Events.Where(one => !IsGone(one))];
            if (left.TrueForAll(static one => one.Place == default))
            {
                Remove(batch);
            }
            else
            {
                Count(batch.Events.Where(IsGone), -1);
                batch.Keep(left);
            }
        }
    }

    private void LeaveWaiting(Func<QueuedEvent, bool>? chosen)
    {
        var (kept, keptBytes) = (0, 0L);
        for (var node = _waiting.First; node is not null;)
        {
            var (one, next) = (node.Value, node.Next);
            if (Leave(one))
            {
                Forget(node);
            }
            else if (chosen?.Invoke(one) == false)
            {
                (kept, keptBytes) = (kept + 1, keptBytes + one.Json.Length);
                if (kept > MostWaiting / 4 || keptBytes > MostWaitingBytes / 4)
                {
                    _left.UnionWith(one.Keys);
                    Forget(node);
                }
            }

            node = next;
        }
    }

    private void Done(IEnumerable<QueuedEvent> events)
    {
        if (_read.CompareTo(_known) < 0)
        {
            _done.UnionWith(events.Select(static one => one.Place));
        }
    }
}
