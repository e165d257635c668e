namespace Tidings.Events;

/// <summary>The beginning of a queue: what may be told now, so that each channel's and each user's events are told in order. Not safe for several threads.</summary>
/// <remarks>It is bounded in events and bytes. Where it is full, what waits for refused events is left in the queue, and read again later.</remarks>
internal sealed partial class DeliveryWindow
{
    /// <summary>The most events that are told at once.</summary>
    public const int MostInBatch = 100;

    /// <summary>The most bytes that are told at once; one event may have more.</summary>
    public const int MostBytes = 1 << 20;

    private readonly LinkedList<QueuedEvent> _waiting = [];
    private readonly List<DeliveryBatch> _batches = [];
    private readonly Dictionary<string, int> _busy = new(StringComparer.Ordinal);
    private long _origins;
    private long _bytes;

    /// <summary>How many have been read and are in no batch.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Batches that are under way or wait to be told again, in the order of their events.</summary>
    public IReadOnlyList<DeliveryBatch> Batches => _batches;

    public int UnderWay => _batches.Count(static batch => batch.IsUnderWay);

    /// <summary>Dropped events that a batch tells of.</summary>
    public long TrimmedInBatches => _batches.Sum(static batch => batch.Trimmed);

    /// <summary>Takes a batch that failed before and is to be told again, first of all one that need not wait, the latest before the others, then one that has not failed often.</summary>
    public DeliveryBatch? TakeDue(long now)
    {
        if (_batches.Where(batch => !batch.IsUnderWay && batch.Due <= now)
            .OrderBy(static batch => batch.Due == 0 ? -batch.Origin : 0).ThenBy(static batch => batch.Failures).FirstOrDefault(IsNext) is { } due)
        {
            due.IsUnderWay = true;
            return due;
        }

        return null;
    }

    /// <summary>Takes the first events whose channels and users no other batch has.</summary>
    /// <param name="first">What is told before them, or null.</param>
    /// <param name="trimmed">How many dropped events that tells of.</param>
    /// <param name="chosen">Which may be among them; null for any.</param>
    /// <param name="isApart">Whether they are told beside the rest.</param>
    public DeliveryBatch? TakeNew(QueuedEvent? first, long trimmed, Func<QueuedEvent, bool>? chosen = null, bool isApart = false)
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
            if (chosen?.Invoke(one) == false || Array.Exists(one.Keys, key => _busy.ContainsKey(key) || passed?.Contains(key) == true))
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
                Forget(node);
            }

            node = next;
        }

        if (events.Count == 0)
        {
            return null;
        }

        var batch = new DeliveryBatch(++_origins, events, trimmed) { IsUnderWay = true, IsApart = isApart };
        _batches.Add(batch);
        Count(batch.Events, 1);
        return batch;
    }

    /// <summary>A batch is done with, told or dropped.</summary>
    public void Remove(DeliveryBatch batch)
    {
        if (_batches.Remove(batch))
        {
            Count(batch.Events, -1);
            Done(batch.Events);
            MayTakeUp |= batch.IsRefused && HasLeft;
        }
    }

    /// <summary>Puts parts of a batch in its place, to be told again. What is in none of them is done with.</summary>
    public void Replace(DeliveryBatch batch, IReadOnlyList<DeliveryBatch> parts)
    {
        if (_batches.IndexOf(batch) is >= 0 and var index)
        {
            _batches.RemoveAt(index);
            Count(batch.Events, -1);
            Done(batch.Events.Except(parts.SelectMany(static part => part.Events)));
            foreach (var part in parts)
            {
                _batches.Insert(index++, part);
                Count(part.Events, 1);
            }
        }
    }

    // Parts of one batch may have channels and users in common.
    private bool IsNext(DeliveryBatch batch) =>
        _batches.TakeWhile(other => other != batch).All(earlier => earlier.Origin != batch.Origin || !earlier.SharesKeysWith(batch));

    private void Forget(LinkedListNode<QueuedEvent> node)
    {
        _bytes -= node.Value.Json.Length;
        _waiting.Remove(node);
    }

    private void Count(IEnumerable<QueuedEvent> events, int by)
    {
        foreach (var one in events)
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
