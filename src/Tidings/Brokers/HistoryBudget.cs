using System.Numerics;
using Tidings.Messages;
using Tidings.Quotas;

namespace Tidings.Brokers;

/// <summary>What the logs of this process may take in memory together, and which sender has how much of it. Safe from any thread.</summary>
/// <remarks>Over the limit whole prefixes of logs go: first of the logs in which the largest sender has most bytes, then of the next largest one's;
/// what the server itself has said goes last. Idempotency keys never go before their time: what they may take is half of the limit, of which one
/// sender may have as much as is still free. The server is not refused.</remarks>
internal sealed class HistoryBudget(long limit)
{
    private readonly Lock _gate = new();
    private readonly Lock _relieving = new();
    private readonly Dictionary<Sender, HistoryOwner> _owners = [];
    private long _limit = limit;
    private long _used;
    private long _keyBytes;
    private long _evicted;

    /// <summary>Without a limit.</summary>
    public HistoryBudget()
        : this(0)
    {
    }

    /// <summary>Bytes; 0 is no limit.</summary>
    public long Limit
    {
        get => Volatile.Read(ref _limit);
        set => Volatile.Write(ref _limit, value);
    }

    /// <summary>Bytes that durable messages of clients may take in a data directory; 0 is no limit, null what the engine takes by itself.</summary>
    public long? DurableLimit { get; set; }

    /// <summary>Bytes that all logs take, about: messages with their encoded frames, idempotency keys, and the logs themselves.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Messages that went before their time because all logs together took too much.</summary>
    public long Evicted => Volatile.Read(ref _evicted);

    public bool IsOver => Limit is > 0 and var limit && Used > limit;

    /// <summary>How many senders have something.</summary>
    public int Senders
    {
        get
        {
            lock (_gate)
            {
                return _owners.Count;
            }
        }
    }

    /// <summary>The share of a sender in a log that it has none in. Under the log's lock.</summary>
    public HistoryShare Open(MemoryLog log, Sender sender)
    {
        lock (_gate)
        {
            if (!_owners.TryGetValue(sender, out var owner))
            {
                _owners.Add(sender, owner = new HistoryOwner(this, sender));
            }

            var share = new HistoryShare(owner, log);
            owner.Shares.Add(share);
            owner.Add(HistoryShare.Overhead);
            return share;
        }
    }

    /// <summary>Nothing is left of a share. Under its log's lock.</summary>
    public void Close(HistoryShare share)
    {
        lock (_gate)
        {
            var owner = share.Owner;
            owner.Shares.Remove(share);
            owner.Add(-HistoryShare.Overhead);
            if (owner.Shares.Count == 0)
            {
                _owners.Remove(owner.Sender);
            }
        }
    }

    public void Add(long bytes) => Interlocked.Add(ref _used, bytes);

    /// <summary>Whether a sender that has <paramref name="its"/> bytes of keys may keep one more.</summary>
    public bool HasRoomForKey(long its, long cost) => Limit is not (> 0 and var limit) || its + cost <= (limit / 2) - Volatile.Read(ref _keyBytes);

    public void AddKey(long bytes) => Interlocked.Add(ref _keyBytes, bytes);

    /// <summary>Has prefixes of logs forgotten until there is room again. Under no lock.</summary>
    /// <param name="evict">Forgets about as many bytes of a log as are wanted, or all that the share has; returns how many messages went.</param>
    public void Relieve(Func<HistoryShare, long, int> evict)
    {
        // One is enough, as long as it keeps up.
        if (Used < Limit + (Limit / 8))
        {
            if (!_relieving.TryEnter())
            {
                return;
            }
        }
        else
        {
            _relieving.Enter();
        }

        try
        {
            if (IsOver)
            {
                Relieve(Snapshot(server: false), evict);
                Relieve(Snapshot(server: true), evict);
            }
        }
        finally
        {
            _relieving.Exit();
        }
    }

    // A little below the limit, so that not every message has to make room for itself.
    private long Excess => Used - (Limit - (Limit / 16));

    private void Relieve(PriorityQueue<HistoryOwner, long> owners, Func<HistoryShare, long, int> evict)
    {
        var shares = new Dictionary<HistoryOwner, PriorityQueue<HistoryShare, (int, long)>>();
        while (Excess > 0 && owners.TryDequeue(out var owner, out _))
        {
            if (!shares.TryGetValue(owner, out var its))
            {
                shares.Add(owner, its = Snapshot(owner));
            }

            if (!its.TryDequeue(out var share, out _))
            {
                continue;
            }

            var next = owners.TryPeek(out var other, out _) ? other.Bytes : 0;
            var wanted = Math.Min(Excess, Math.Max(1, owner.Bytes - next));
            if (evict(share, wanted) is > 0 and var messages)
            {
                Interlocked.Add(ref _evicted, messages);
                its.Enqueue(share, RankOf(share));
            }

            owners.Enqueue(owner, -owner.Bytes);
        }
    }

    private PriorityQueue<HistoryOwner, long> Snapshot(bool server)
    {
        lock (_gate)
        {
            return new(_owners.Values.Where(owner => owner.Sender.IsServer == server).Select(static owner => (owner, -owner.Bytes)));
        }
    }

    // First where it has most; of logs in which it has about as much, the one that is unused for longest.
    private static (int, long) RankOf(HistoryShare share) => (-BitOperations.Log2((ulong)Math.Max(1, share.Bytes)), share.Log.UsedAt);

    private PriorityQueue<HistoryShare, (int, long)> Snapshot(HistoryOwner owner)
    {
        lock (_gate)
        {
            return new(owner.Shares.Select(static share => (share, RankOf(share))));
        }
    }
}

/// <summary>What one sender has in all logs.</summary>
internal sealed class HistoryOwner(HistoryBudget budget, Sender sender)
{
    // However much memory there is.
    private const int MostKeys = 300_000;

    private long _bytes;
    private long _keyBytes;
    private int _keys;

    public HistoryBudget Budget => budget;

    public Sender Sender => sender;

    /// <summary>In which logs. Under the budget's lock.</summary>
    public HashSet<HistoryShare> Shares { get; } = [];

    public long Bytes => Volatile.Read(ref _bytes);

    public void Add(long bytes)
    {
        Interlocked.Add(ref _bytes, bytes);
        budget.Add(bytes);
    }

    /// <summary>Whether it may have one more idempotency key remembered, in whatever channel.</summary>
    public bool MayKeepKey(long cost) =>
        sender.IsServer || (Volatile.Read(ref _keys) < MostKeys && budget.HasRoomForKey(Volatile.Read(ref _keyBytes), cost));

    /// <summary>Whether something that it has may take so many more bytes.</summary>
    public bool MayGrow(long bytes) => sender.IsServer || bytes <= 0 || budget.HasRoomForKey(Volatile.Read(ref _keyBytes), bytes);

    public void AddKey(int count, long bytes)
    {
        Add(bytes);
        if (!sender.IsServer)
        {
            Interlocked.Add(ref _keys, count);
            Interlocked.Add(ref _keyBytes, bytes);
            budget.AddKey(bytes);
        }
    }
}

/// <summary>What one sender has in one log. Changed under the log's lock.</summary>
internal sealed class HistoryShare(HistoryOwner owner, MemoryLog log) : IMessageShare
{
    /// <summary>What the share itself takes.</summary>
    public const int Overhead = 160;

    private long _bytes;

    public HistoryOwner Owner => owner;

    public MemoryLog Log => log;

    /// <summary>Bytes, without encoded frames and keys. Any thread may read it.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public int Messages { get; private set; }

    public int Keys { get; private set; }

    /// <summary>Whether the log itself counts as the sender's: its first message was.</summary>
    public bool HasLog { get; private set; }

    /// <summary>Entries of the channel's state.</summary>
    public int States { get; private set; }

    public bool IsEmpty => Messages == 0 && Keys == 0 && States == 0 && !HasLog;

    public void AddMessage(int count, long bytes)
    {
        Messages += count;
        Add(bytes);
    }

    public void AddKey(int count, long bytes)
    {
        Keys += count;
        owner.AddKey(count, bytes);
    }

    /// <summary>An entry of the state is kept as an idempotency key is: until it is taken away, and within the same bounds.</summary>
    public void AddState(int count, long bytes)
    {
        States += count;
        owner.AddKey(count, bytes);
    }

    public void SetLog(bool has, long bytes)
    {
        HasLog = has;
        Add(bytes);
    }

    void IMessageShare.AddFrames(int bytes) => owner.Add(bytes);

    private void Add(long bytes)
    {
        Volatile.Write(ref _bytes, _bytes + bytes);
        owner.Add(bytes);
    }
}
