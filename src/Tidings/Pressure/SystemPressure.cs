namespace Tidings.Pressure;

/// <summary>What the runtime says. Time is the machine's own, whatever clock the rest goes by.</summary>
internal sealed class SystemPressure : IPressure, IThreadPoolWorkItem
{
    // By default the collector calls memory scarce where nine tenths of what the machine or container has are in use.
    private const double Scarce = 0.9;

    // A delay that was measured longer ago says nothing of now.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time = TimeProvider.System;
    private int _waiting;
    private long _askedAt;
    private long _answeredAt;
    private long _delay;

    /// <inheritdoc/>
    /// <remarks>The greater of two: what the heap holds, of what it may hold (a container's limit, or <c>DOTNET_GCHeapHardLimit</c>); and what the whole machine
    /// or container holds, sockets in the kernel too, as of the last collection.</remarks>
    public double Memory
    {
        get
        {
            var info = GC.GetGCMemoryInfo(GCKind.Any);
            var heap = Part(GC.GetTotalMemory(forceFullCollection: false), info.TotalAvailableMemoryBytes);
            return Math.Max(heap, Scarce * Part(info.MemoryLoadBytes, info.HighMemoryLoadThresholdBytes));
        }
    }

    /// <inheritdoc/>
    /// <remarks>A work item is queued each time, unless one waits; while it does, the delay is at least as long as it has waited.</remarks>
    public TimeSpan QueueDelay
    {
        get
        {
            if (Interlocked.CompareExchange(ref _waiting, 1, 0) != 0)
            {
                return _time.GetElapsedTime(Volatile.Read(ref _askedAt));
            }

            var last = _time.GetElapsedTime(Volatile.Read(ref _answeredAt)) < Fresh ? new TimeSpan(Volatile.Read(ref _delay)) : TimeSpan.Zero;
            Volatile.Write(ref _askedAt, _time.GetTimestamp());
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            return last;
        }
    }

    public void Relieve() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);

    void IThreadPoolWorkItem.Execute()
    {
        Volatile.Write(ref _delay, _time.GetElapsedTime(_askedAt).Ticks);
        Volatile.Write(ref _answeredAt, _time.GetTimestamp());
        Volatile.Write(ref _waiting, 0);
    }

    private static double Part(long used, long available) => available > 0 ? (double)used / available : 0;
}
