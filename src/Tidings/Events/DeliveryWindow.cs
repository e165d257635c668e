namespace Tidings.Events;

/// <summary>The beginning of a queue: what may be told now, so that each channel's and each user's events are told in order. Not safe for several threads.</summary>
internal sealed class DeliveryWindow
{
    /// <summary>The most events that are told at once.</summary>
    public const int MostInBatch = 100;

    /// <summary>The most bytes that are told at once; one event may have more.</summary>
    public const int MostBytes = 1 << 20;

    private readonly LinkedList<QueuedEvent> _waiting = [];
    private readonly List<DeliveryBatch> _batches = [];
    private readonly Dictionary<string, int> _busy = new(StringComparer.Ordinal);
    private long _origins;

    /// <summary>How many have been read and are in no batch.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Batches that are under way or wait to be told again, in the order of their events.</summary>
    public IReadOnlyList<DeliveryBatch> Batches => _batches;

    public int UnderWay => _batches.Count(static batch => batch.IsUnderWay);

    /// <summary>Dropped events that a batch tells of.</summary>
    public long TrimmedInBatches => _batches.Sum(static batch => batch.Trimmed);

    public void Add(IEnumerable<QueuedEvent> events)
    {
        foreach (var one in events)
        {
            _waiting.AddLast(one);
        }
    }

    /// <summary>Forgets everything: it is read again by whoever delivers.</summary>
    public void Clear()
    {
        _waiting.Clear();
        _batches.Clear();
        _busy.Clear();
    }

    /// <summary>Takes a batch that failed before and is to be told again, first of all one that has not failed often.</summary>
    public DeliveryBatch? TakeDue(long now)
    {
        if (_batches.Where(batch => !batch.IsUnderWay && batch.Due <= now && IsNext(batch)).MinBy(static batch => batch.Failures) is { } due)
        {
            due.IsUnderWay = true;
            return due;
        }

        return null;
    }

    /// <summary>Takes the first events whose channels and users no other batch has.</summary>
    /// <param name="first">What is told before them, or null.</param>
    /// <param name="trimmed">How many dropped events that tells of.</param>
    public DeliveryBatch? TakeNew(QueuedEvent? first, long trimmed)
    {
        HashSet<string>? passed = null;
        var events = new List<QueuedEvent>();
        var bytes = 0;
        if (first is not null)
        {
            events.Add(first);
        }

        for (var node = _waiting.First; node is not null && events.Count < MostInBatch;)
        {
            var (one, next) = (node.Value, node.Next);
            if (Array.Exists(one.Keys, key => _busy.ContainsKey(key) || passed?.Contains(key) == true))
            {
                // Whatever comes after it of the same channel or user comes after it here, too.
                passed ??= new HashSet<string>(StringComparer.Ordinal);
                passed.UnionWith(one.Keys);
            }
            else
            {
                if (bytes > 0 && bytes + one.Json.Length > MostBytes)
                {
                    break;
                }

                bytes += one.Json.Length;
                events.Add(one);
                _waiting.Remove(node);
            }

            node = next;
        }

        if (events.Count == 0)
        {
            return null;
        }

        var batch = new DeliveryBatch(++_origins, events, trimmed) { IsUnderWay = true };
        _batches.Add(batch);
        Count(batch, 1);
        return batch;
    }

    /// <summary>A batch is done with, told or dropped.</summary>
    public void Remove(DeliveryBatch batch)
    {
        if (_batches.Remove(batch))
        {
            Count(batch, -1);
        }
    }

    /// <summary>Puts parts of a batch in its place, to be told again.</summary>
    public void Replace(DeliveryBatch batch, params IEnumerable<DeliveryBatch> parts)
    {
        if (_batches.IndexOf(batch) is >= 0 and var index)
        {
            Remove(batch);
            foreach (var part in parts)
            {
                _batches.Insert(index++, part);
                Count(part, 1);
            }
        }
    }

    // Parts of one batch may have channels and users in common.
    private bool IsNext(DeliveryBatch batch) =>
        _batches.TakeWhile(other => other != batch).All(earlier => earlier.Origin != batch.Origin || !earlier.SharesKeysWith(batch));

    private void Count(DeliveryBatch batch, int by)
    {
        foreach (var one in batch.Events)
        {
            foreach (var key in one.Keys)
            {
                var count = _busy.GetValueOrDefault(key) + by;
                if (count > 0)
                {
                    _busy[key] = count;
                }
                else
                {
                    _busy.Remove(key);
                }
            }
        }
    }
}
