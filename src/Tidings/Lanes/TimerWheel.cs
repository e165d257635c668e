using System.Numerics;

namespace Tidings.Lanes;

/// <summary>Something with one deadline on a <see cref="TimerWheel"/>.</summary>
internal abstract class TimerEntry
{
    internal TimerEntry? Next;
    internal TimerEntry? Previous;

    /// <summary>When it is due, in the lane's milliseconds; <see cref="long.MaxValue"/> where it is on no wheel.</summary>
    internal long Due = long.MaxValue;

    /// <summary>Runs in the lane's turn, after which the entry is on no wheel unless it was scheduled again.</summary>
    protected internal abstract void OnDue();
}

/// <summary>The deadlines of all connections of a lane: setting, moving and dropping one costs the same however many there are.</summary>
/// <remarks>
/// Deadlines are kept to <see cref="Tick"/>, never early. One timer of the <see cref="TimeProvider"/> is armed for the next
/// deadline; nothing ticks while there is none.
/// </remarks>
internal sealed class TimerWheel : ILaneWork, IDisposable
{
    /// <summary>The resolution in milliseconds.</summary>
    public const int Tick = 100;

    // 1,024 slots: 102 s. What lies further ahead goes round more than once.
    private const int Slots = 1024;

    private readonly Lane _lane;
    private readonly ITimer _timer;
    private readonly Head[] _slots = new Head[Slots];
    private readonly Head _due = new();
    private readonly ulong[] _occupied = new ulong[Slots / 64];
    private int _count;
    private long _position;
    private long _armed = long.MaxValue;

    public TimerWheel(Lane lane, TimeProvider time)
    {
        _lane = lane;
        for (var i = 0; i < Slots; i++)
        {
            _slots[i] = new Head();
        }

        _timer = time.CreateTimer(static wheel => ((TimerWheel)wheel!).Post(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Sets or moves the deadline of <paramref name="entry"/>.</summary>
    public void Schedule(TimerEntry entry, long due)
    {
        Cancel(entry);
        if (_count++ == 0)
        {
            _position = Math.Max(_position, _lane.Now / Tick);
        }

        entry.Due = due;
        Insert(entry);
        Arm();
    }

    public void Cancel(TimerEntry entry)
    {
        if (entry.Due == long.MaxValue)
        {
            return;
        }

        Unlink(entry);
        entry.Due = long.MaxValue;
        _count--;
    }

    public void Dispose() => _timer.Dispose();

    void ILaneWork.Run(object? argument)
    {
        _armed = long.MaxValue;
        var until = _lane.Now / Tick;

        // A long pause goes round the wheel once at most. What is set meanwhile for a time that has passed comes behind the slot that is running, and not into one that is done.
        _position = Math.Max(_position, until - Slots + 1);
        while (_position <= until)
        {
            RunSlot((int)(_position++ % Slots));
        }

        Arm();
    }

    private static void Unlink(TimerEntry entry)
    {
        entry.Previous!.Next = entry.Next;
        entry.Next!.Previous = entry.Previous;
        entry.Next = entry.Previous = null;
    }

    private static void Append(Head head, TimerEntry entry)
    {
        entry.Previous = head.Previous;
        entry.Next = head;
        head.Previous!.Next = entry;
        head.Previous = entry;
    }

    private void Post() => _lane.Post(this);

    private void Insert(TimerEntry entry)
    {
        var slot = (int)(Math.Max((entry.Due + Tick - 1) / Tick, _position) % Slots);
        Append(_slots[slot], entry);
        _occupied[slot / 64] |= 1UL << (slot % 64);
    }

    private void RunSlot(int slot)
    {
        var head = _slots[slot];
        _occupied[slot / 64] &= ~(1UL << (slot % 64));

        // All move to a list of their own first: running one may then move or drop any other.
        while (head.Next is { } entry && entry != head)
        {
            Unlink(entry);
            Append(_due, entry);
        }

        while (_due.Next is { } entry && entry != _due)
        {
            if (entry.Due > _lane.Now)
            {
                Unlink(entry);
                Insert(entry);
            }
            else
            {
                Cancel(entry);
                try
                {
                    entry.OnDue();
                }
#pragma warning disable CA1031 // One that fails must not keep the others from their deadlines.
                catch (Exception error)
#pragma warning restore CA1031
                {
                    _lane.Failed(error, entry.GetType().Name);
                }
            }
        }
    }

    private void Arm()
    {
        if (_count == 0 || NextDue() is not { } due || due >= _armed)
        {
            return;
        }

        _armed = due;
        long now;
        do
        {
            // A timer counts from when it is set, and the clock may have gone on since it was read: then the timer would be late by as much.
            now = _lane.ReadClock();
            _timer.Change(TimeSpan.FromMilliseconds(Math.Max(1, due - now)), Timeout.InfiniteTimeSpan);
        }
        while (now < due && _lane.ReadClock() != now);

        if (now >= due)
        {
            Post();
        }
    }

    // When the next slot begins that may hold something, be it for a later round or dropped since.
    private long? NextDue()
    {
        for (var passed = 0; passed < Slots + 64;)
        {
            var slot = (int)((_position + passed) % Slots);
            var word = _occupied[slot / 64] >> (slot % 64);
            if (word != 0)
            {
                return (_position + passed + BitOperations.TrailingZeroCount(word)) * Tick;
            }

            passed += 64 - (slot % 64);
        }

        return null;
    }

    // The ends of a ring, so that an entry leaves without knowing which list it is in.
    private sealed class Head : TimerEntry
    {
        public Head() => Next = Previous = this;

        protected internal override void OnDue() => throw new InvalidOperationException();
    }
}
