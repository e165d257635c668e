using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace Tidings.Lanes;

/// <summary>A lane with a thread and an epoll instance of its own.</summary>
internal sealed unsafe class EpollLane : Lane
{
    /// <summary>How much one connection is read in one turn, so that none keeps the others waiting.</summary>
    public const int ReadSize = 64 * 1024;

    private const int EventsPerTurn = 512;
    private const ulong WakeKey = ulong.MaxValue;

    // struct epoll_event is packed on x64 alone.
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private readonly SlotTable<IEpollSource> _sources = new();
    private readonly byte[] _events = GC.AllocateArray<byte>(EventsPerTurn * 16, pinned: true);
    private readonly Lock _wakeGate = new();
    private readonly Thread _thread;
    private int _epoll;
    private int _wake;
    private bool _ended;
    private volatile bool _stopping;

    public EpollLane(int index, TimeProvider time, ILogger log)
        : base(time, log)
    {
        _epoll = Libc.epoll_create1(Libc.CLOEXEC);
        _wake = Libc.eventfd(0, Libc.CLOEXEC | Libc.NONBLOCK);
        if (_epoll < 0 || _wake < 0)
        {
            throw new IOException($"A lane could not be made (errno {Marshal.GetLastPInvokeError()}).");
        }

        Control(Libc.EPOLL_CTL_ADD, _wake, WakeKey, Libc.EPOLLIN);
        _thread = new Thread(Run) { IsBackground = true, Name = $"tidings-lane-{index}" };
        _thread.UnsafeStart();
    }

    /// <summary>Where what is read lies until the end of the call that it is handed to.</summary>
    public byte[] ReadBuffer { get; } = GC.AllocateUninitializedArray<byte>(ReadSize, pinned: true);

    /// <summary>Where several small frames are put together for one write.</summary>
    public byte[] WriteBuffer { get; } = GC.AllocateUninitializedArray<byte>(ReadSize, pinned: true);

    /// <summary>Watches <paramref name="fd"/>. For the turn alone.</summary>
    /// <returns>The key for <see cref="Modify"/> and <see cref="Remove"/>.</returns>
    public ulong Add(int fd, IEpollSource source, uint events)
    {
        var key = _sources.Add(source);
        Control(Libc.EPOLL_CTL_ADD, fd, key, events);
        return key;
    }

    public void Modify(int fd, ulong key, uint events) => Control(Libc.EPOLL_CTL_MOD, fd, key, events);

    /// <summary>No longer watches the descriptor, which goes on to live elsewhere.</summary>
    public void Remove(int fd, ulong key)
    {
        Control(Libc.EPOLL_CTL_DEL, fd, key, 0);
        _sources.Remove(key);
    }

    /// <summary>Closes the descriptor. Events for it that are still to be handled in this turn find nothing.</summary>
    public void Close(int fd, ulong key)
    {
        _sources.Remove(key);
        Native.Close(fd);
    }

    /// <summary>Ends the thread; connections that are left are cut off. From any thread but the lane's own.</summary>
    public override void Dispose()
    {
        if (_stopping)
        {
            return;
        }

        _stopping = true;
        Wake();
        _thread.Join();
        Timers.Dispose();
        lock (_wakeGate)
        {
            Native.Close(_wake);
            Native.Close(_epoll);
            _wake = _epoll = -1;
            _ended = true;
        }
    }

    protected override void Wake()
    {
        lock (_wakeGate)
        {
            if (!_ended)
            {
                var one = 1UL;
                Libc.write(_wake, &one, sizeof(ulong));
                return;
            }

            // The number of the descriptor is another's by now. What is posted too late still runs, to free what it brings.
            BeginTurn();
            EndSources();
            EndTurn();
        }
    }

    private void Run()
    {
        var more = false;
        while (!_stopping)
        {
            int count;
            fixed (byte* events = _events)
            {
                count = Libc.epoll_wait(_epoll, events, EventsPerTurn, more ? 0 : -1);
            }

            BeginTurn();
            for (var i = 0; i < count; i++)
            {
                Dispatch(_events.AsSpan(i * EventSize, EventSize));
            }

            more = RunPosted();
        }

        EndSources();
        EndTurn();
    }

    // A peer that nobody reads any more must see the end, and its descriptor would outlive the lane in a process that goes on.
    private void EndSources()
    {
        while (RunPosted())
        {
        }

        foreach (var source in _sources.Snapshot())
        {
            try
            {
                source.OnLaneEnded();
            }
#pragma warning disable CA1031 // as in Guard
            catch (Exception error)
#pragma warning restore CA1031
            {
                Failed(error, source.GetType().Name);
            }
        }
    }

    private void Dispatch(ReadOnlySpan<byte> @event)
    {
        var key = MemoryMarshal.Read<ulong>(@event[(EventSize - sizeof(ulong))..]);
        if (key == WakeKey)
        {
            ulong times;
            Libc.read(_wake, &times, sizeof(ulong));
        }
        else if (_sources.Find(key) is { } source)
        {
            Guard(source, MemoryMarshal.Read<uint>(@event));
        }
    }

    private void Guard(IEpollSource source, uint events)
    {
        try
        {
            source.OnReady(events);
        }
#pragma warning disable CA1031 // What goes wrong with one descriptor must not stop the others.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Failed(error, source.GetType().Name);
        }
    }

    private void Control(int operation, int fd, ulong key, uint events)
    {
        Span<byte> @event = stackalloc byte[16];
        MemoryMarshal.Write(@event, events);
        MemoryMarshal.Write(@event[(EventSize - sizeof(ulong))..], key);
        fixed (byte* start = @event)
        {
            Libc.epoll_ctl(_epoll, operation, fd, start);
        }
    }
}
