using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Tidings.Lanes;

/// <summary>All lanes of a node. Each connection is given to one in turn.</summary>
internal sealed class LaneSet(TimeProvider time, ILogger<LaneSet> log) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly PoolLane[] _pool = MakePool(time, log);
    private EpollLane[] _epoll = [];
    private uint _nextPool;
    private uint _nextEpoll;
    private Histogram<double>? _deliveryDuration;
    private bool _disposed;

    /// <summary>How many lanes of each kind there are: one for each processor.</summary>
    public static int PerKind => Environment.ProcessorCount;

    public IEnumerable<Lane> All => [.. _pool, .. Volatile.Read(ref _epoll)];

    /// <summary>The lanes that poll sockets themselves, made at the first call.</summary>
    /// <exception cref="IOException">The system gave no descriptors for them.</exception>
    public IReadOnlyList<EpollLane> StartEpoll()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_epoll.Length == 0)
            {
                Volatile.Write(ref _epoll, [.. Enumerable.Range(0, PerKind).Select(index => new EpollLane(index, time, log))]);
                Measure(_epoll);
            }

            return _epoll;
        }
    }

    /// <summary>Says where it is measured how long messages take.</summary>
    public void Measure(Histogram<double> deliveryDuration)
    {
        lock (_gate)
        {
            _deliveryDuration = deliveryDuration;
            Measure(All);
        }
    }

    /// <summary>The lane of the next connection that runs over a stream.</summary>
    public PoolLane NextPool() => _pool[Interlocked.Increment(ref _nextPool) % (uint)_pool.Length];

    /// <summary>The lane of the next connection whose socket is polled.</summary>
    public EpollLane NextEpoll() => _epoll[Interlocked.Increment(ref _nextEpoll) % (uint)_epoll.Length];

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var lane in All)
            {
                lane.Dispose();
            }
        }
    }

    private void Measure(IEnumerable<Lane> lanes)
    {
        foreach (var lane in lanes)
        {
            lane.Deliveries.Duration = _deliveryDuration;
        }
    }

    private static PoolLane[] MakePool(TimeProvider time, ILogger log)
    {
        var lanes = new PoolLane[PerKind];
        for (var i = 0; i < lanes.Length; i++)
        {
            lanes[i] = new PoolLane(time, log);
        }

        return lanes;
    }
}
