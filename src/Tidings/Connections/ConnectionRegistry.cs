using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Tidings.Events;
using Tidings.Lanes;
using Tidings.Options;
using Tidings.Pressure;
using Tidings.Protocol;
using Tidings.Quotas;
using Tidings.Security.Identities;

namespace Tidings.Connections;

/// <summary>How a node answers a new connection.</summary>
internal enum Admission : byte
{
    Admitted,

    /// <summary>The node has as many connections as it takes, or takes no more: try another, or later.</summary>
    NodeFull,

    /// <summary>The address has as many connections as it may.</summary>
    AddressFull,
}

/// <summary>Counts this node's connections and ends them all. Safe from any thread.</summary>
internal sealed partial class ConnectionRegistry
{
    /// <summary>Bytes of a place in <see cref="Backlogs"/>.</summary>
    public const int BacklogPlace = 1024;

    private const int NoticeMilliseconds = 60_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<AddressKey, int> _perAddress = [];
    private readonly Dictionary<string, int> _perUser = new(StringComparer.Ordinal);
    private readonly LaneSet _lanes;
    private volatile ConnectionLimits _limits;
    private volatile Rates _rates;
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _draining;
    private Stop? _stop;
    private int _count;
    private int _pending;
    private long _noticeAt = long.MinValue;

    public ConnectionRegistry(LaneSet lanes, ConnectionLimits limits, TimeProvider time, IMeterFactory meters, ILogger log, bool explains = false)
    {
        Time = time;
        Revocations = new Revocations(time);
        Refusals = new RecentRefusals(time, log) { Explains = explains };
        _lanes = lanes;
        _limits = limits;
        Log = log;
        _rates = new Rates(limits.Rates, time);
        HttpPlaces = new AddressPlaces(() => _limits.HttpConnectionsPerIp);
        Metrics = new ConnectionMetrics(meters, () => Count);

        // A quarter of what the process may use, so that slow readers never push the others out of memory.
        QueueBytesPerLane = ProcessMemory.Bytes / 4 / LaneSet.PerKind;
    }

    public TimeProvider Time { get; }

    /// <summary>What was revoked. It is asked when a connection opens, and changed before <see cref="EndAsync"/> looks for those that are open.</summary>
    public Revocations Revocations { get; }

    public ConnectionMetrics Metrics { get; }

    /// <summary>Who was not let in lately, or was not allowed something, and why.</summary>
    public RecentRefusals Refusals { get; }

    public ILogger Log { get; }

    /// <summary>What the connections of an address or a user may say together.</summary>
    public Rates Rates => _rates;

    /// <summary>TCP connections that are no connection of ours (yet), by address.</summary>
    public AddressPlaces HttpPlaces { get; }

    /// <summary>How many bytes may wait in all queues of one lane.</summary>
    public long QueueBytesPerLane { get; init; }

    /// <summary>The memory of what is half received, over every transport. Set before anybody connects.</summary>
    public BodyBudget Bodies { get; init; } = BodyBudget.OfProcess(largestMessage: 0);

    /// <summary>What may wait of histories beyond their readers' queues: the logs may have forgotten it long before slow readers have taken it.</summary>
    public SenderShares Backlogs { get; init; } = BacklogsOfProcess();

    /// <summary>As much as an eighth of the memory that the process may use.</summary>
    public static SenderShares BacklogsOfProcess() => new(ProcessMemory.Bytes / 8 / BacklogPlace);

    /// <summary>Why all connections are being closed; null while they are not.</summary>
    public DisconnectCode? StopCode => Volatile.Read(ref _stop)?.Code;

    /// <summary>The node's name among the others; empty where it has none.</summary>
    public string Node { get; init; } = "";

    /// <summary>Where it is noted that connections open and end, for those who are told; null where nobody notes it.</summary>
    public EventRecorder? Events { get; init; }

    /// <summary>Says when the process is hard-pressed; null where nobody looks. Set before anybody connects.</summary>
    public LoadShedder? Shedder { get; set; }

    /// <summary>Whether nobody new is taken in, as the node goes.</summary>
    public bool IsDraining => _draining;

    /// <summary>Ends when nobody new is taken in and the last connection has gone.</summary>
    public Task Left => _left.Task;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Where all nodes count users' connections together; null where this one is alone. Set before anybody connects.</summary>
    public IConnectionCounts? SharedCounts { get; set; }

    /// <summary>Users who have connections that are counted.</summary>
    public IReadOnlyList<string> Users
    {
        get
        {
            lock (_gate)
            {
                return [.. _perUser.Keys];
            }
        }
    }

    /// <summary>Whether a user may have only so many connections, which are then counted.</summary>
    public bool LimitsUsers => _limits.ConnectionsPerUser > 0;

    /// <summary>Whether newcomers are refused before anything is done for them: the node is draining or overloaded. Each is counted.</summary>
    public bool RefusesNewcomers()
    {
        var refusing = _draining ? "draining" : Shedder?.TryShed() == true ? "overload" : null;
        if (refusing is not null)
        {
            Metrics.Refused(refusing);
        }

        return refusing is not null;
    }

    /// <summary>Takes a place for a connection; where it is admitted, <see cref="Leave"/> gives the place back.</summary>
    /// <param name="address">What limits count; default where they don't.</param>
    /// <param name="limited">Whether the node's limits hold.</param>
    /// <param name="stays">Whether it is more than one question and its answer, which those may still ask who have not gone yet.</param>
    public Admission Enter(AddressKey address, bool limited = true, bool stays = true)
    {
        lock (_gate)
        {
            if (_stop is not null || (_draining && stays))
            {
                Metrics.Refused("draining");
                return Admission.NodeFull;
            }

            if (limited && _limits.Connections > 0 && _count >= _limits.Connections)
            {
                Metrics.Refused("node");
                return Admission.NodeFull;
            }

            if (address != default && !TryAdd(_perAddress, address, _limits.ConnectionsPerIp))
            {
                Metrics.Refused("ip");
                NoteAddressFull(address, "Tidings:Limits:ConnectionsPerIp");
                return Admission.AddressFull;
            }

            _count++;
            return Admission.Admitted;
        }
    }

    /// <summary>Counts a connection that has entered as one of <paramref name="user"/>, as whose it leaves. Completes at once where the node is alone.</summary>
    /// <returns>False where the user has as many as allowed.</returns>
    public async ValueTask<bool> TryEnterAsAsync(string user)
    {
        Task<bool>? asking = null;
        lock (_gate)
        {
            if (TryAdd(_perUser, user, _limits.ConnectionsPerUser))
            {
                if (SharedCounts is null)
                {
                    return true;
                }

                asking = SharedCounts.EnterAsync(user, _perUser[user], _limits.ConnectionsPerUser);
            }
        }

        if (asking is not null)
        {
            if (await asking.ConfigureAwait(false))
            {
                return true;
            }

            LeaveAs(user);
        }

        Metrics.Refused("user");
        return false;
    }

    /// <summary>Takes back what <see cref="TryEnterAsAsync"/> has counted.</summary>
    public void LeaveAs(string user)
    {
        lock (_gate)
        {
            LeaveAs_NeedsLock(user);
        }
    }

    /// <summary>What is made of each user's count, in one step with all changes of it.</summary>
    public IReadOnlyList<T> EachCount<T>(IEnumerable<string> users, Func<string, int, T> make)
    {
        lock (_gate)
        {
            return [.. users.Select(user => make(user, _perUser.GetValueOrDefault(user)))];
        }
    }

    /// <summary>Takes one of the few places for those who have not said who they are; <see cref="LeavePending"/> gives it back.</summary>
    public bool TryEnterPending()
    {
        if (Interlocked.Increment(ref _pending) <= _limits.UnauthenticatedConnections || _limits.UnauthenticatedConnections == 0)
        {
            return true;
        }

        LeavePending();
        Metrics.Refused("unauthenticated");
        return false;
    }

    public void LeavePending() => Interlocked.Decrement(ref _pending);

    /// <summary>Gives the place of a connection back.</summary>
    /// <param name="address">What it entered with.</param>
    /// <param name="user">The user whom it counted for, or null.</param>
    public void Leave(AddressKey address, string? user = null)
    {
        lock (_gate)
        {
            Remove(_perAddress, address);
            if (user is not null)
            {
                LeaveAs_NeedsLock(user);
            }

            _count--;
            TellLeft_NeedsLock();
        }
    }

    /// <summary>Goes by other limits from now on. Who is here stays. Users are counted from the moment on that they are limited.</summary>
    public void Change(ConnectionLimits limits)
    {
        var old = _limits;
        _limits = limits;
        if (limits.Rates != old.Rates)
        {
            _rates = new Rates(limits.Rates, Time);
        }
    }

    /// <summary>Says in the log, at most once a minute, that an address has reached one of its bounds.</summary>
    public void NoteAddressFull(AddressKey address, string option)
    {
        var now = (long)Time.GetElapsedTime(0).TotalMilliseconds;
        var due = Volatile.Read(ref _noticeAt);
        if (now >= due && Interlocked.CompareExchange(ref _noticeAt, now + NoticeMilliseconds, due) == due)
        {
            ConnectionLog.AddressFull(Log, address, option);
        }
    }

    /// <summary>Takes nobody in any more, from here on.</summary>
    public void BeginDraining()
    {
        lock (_gate)
        {
            _draining = true;
            TellLeft_NeedsLock();
        }
    }

    /// <summary>How many connections a user has on this node.</summary>
    public int CountOf(string user)
    {
        lock (_gate)
        {
            return _perUser.GetValueOrDefault(user);
        }
    }

    private void TellLeft_NeedsLock()
    {
        if (_draining && _count == 0)
        {
            _left.TrySetResult();
        }
    }

    private void LeaveAs_NeedsLock(string user)
    {
        Remove(_perUser, user);
        SharedCounts?.Leave(user, _perUser.GetValueOrDefault(user));
    }

    private static bool TryAdd<TKey>(Dictionary<TKey, int> counts, TKey key, int limit)
        where TKey : notnull
    {
        var count = counts.GetValueOrDefault(key);
        if (limit > 0 && count >= limit)
        {
            return false;
        }

        counts[key] = count + 1;
        return true;
    }

    private static void Remove<TKey>(Dictionary<TKey, int> counts, TKey key)
        where TKey : notnull
    {
        if (counts.TryGetValue(key, out var count) && count > 1)
        {
            counts[key] = count - 1;
        }
        else
        {
            counts.Remove(key);
        }
    }

    // A reference: other threads see all of the code or nothing of it.
    private sealed record Stop(DisconnectCode Code);
}
