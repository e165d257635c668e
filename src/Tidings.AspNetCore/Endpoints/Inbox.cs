using System.Buffers;
using System.Threading.Tasks.Sources;
using Tidings.Pressure;
using Tidings.Quotas;

namespace Tidings.AspNetCore.Endpoints;

/// <summary>A message that waits for its handler. Text lies in a rented array; bytes in one of their own, which the handler gets.</summary>
/// <param name="Buffer">The array.</param>
/// <param name="Length">The message's length in it.</param>
/// <param name="IsText">Whether it is text.</param>
/// <param name="IsCounted">Whether it counts against the memory of what has arrived.</param>
internal readonly record struct InboxItem(byte[] Buffer, int Length, bool IsText, bool IsCounted = false)
{
    public static InboxItem Copy(ReadOnlySpan<byte> message, bool isText)
    {
        var buffer = isText ? ArrayPool<byte>.Shared.Rent(message.Length) : message.ToArray();
        message.CopyTo(buffer);
        return new InboxItem(buffer, message.Length, isText);
    }

    public ReadOnlySpan<byte> Span => Buffer.AsSpan(0, Length);

    /// <summary>Gives the array back. Its bytes must not be used any more.</summary>
    public void Release()
    {
        if (IsText)
        {
            ArrayPool<byte>.Shared.Return(Buffer);
        }
    }
}

/// <summary>What became of a message that was put into an <see cref="Inbox"/>.</summary>
internal enum InboxOutcome : byte
{
    /// <summary>It is in, and there is room for more.</summary>
    Taken,

    /// <summary>It is in; no more should come until <see cref="Inbox.TryTake"/> says so.</summary>
    Full,

    /// <summary>It is not in: its sender holds as much memory as it may.</summary>
    NoMemory,
}

/// <summary>Messages between a lane, which puts them in, and one handler, which takes them out. Holds nothing while it is empty.</summary>
/// <remarks>A small message that finds it empty is what any connection may hold. All else counts against <paramref name="memory"/> until it is taken.</remarks>
/// <param name="memory">The memory of everything that has arrived and is not handled.</param>
/// <param name="sender">Whose share of it is used.</param>
internal sealed class Inbox(BodyBudget memory, Sender sender) : IValueTaskSource
{
    private const int UncountedBytes = 4 * 1024;

    // How far a handler may lag before its peer is no longer read.
    private const int MostMessages = 32;
    private const int MostBytes = 64 * 1024;

    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _arrival = new() { RunContinuationsAsynchronously = true };
    private InboxItem _first;
    private Queue<InboxItem>? _rest;
    private int _count;
    private int _bytes;
    private bool _waiting;
    private bool _full;
    private bool _ended;

    /// <summary>Names the waiting that is under way.</summary>
    public short Version => _arrival.Version;

    /// <summary>Puts a message in. For the lane alone.</summary>
    public InboxOutcome Add(InboxItem item)
    {
        if (item.Length > UncountedBytes || Volatile.Read(ref _count) > 0)
        {
            if (memory.TryGrow(sender, item.Length) != BodyAdmission.Granted)
            {
                item.Release();
                return InboxOutcome.NoMemory;
            }

            item = item with { IsCounted = true };
        }

        bool wake;
        bool room;
        lock (_gate)
        {
            if (_ended)
            {
                item.Release();
                Uncount(item);
                return InboxOutcome.Taken;
            }

            if (_count++ == 0)
            {
                _first = item;
            }
            else
            {
                (_rest ??= new Queue<InboxItem>()).Enqueue(item);
            }

            _bytes += item.Length;
            _full |= _count >= MostMessages || _bytes >= MostBytes;
            room = !_full;
            wake = _waiting;
            _waiting = false;
        }

        if (wake)
        {
            _arrival.SetResult(true);
        }

        return room ? InboxOutcome.Taken : InboxOutcome.Full;
    }

    /// <summary>Takes the oldest message out.</summary>
    /// <param name="item">The message; its taker releases it.</param>
    /// <param name="hasRoom">Whether the inbox was full and now has room again: the peer is to be read on.</param>
    public bool TryTake(out InboxItem item, out bool hasRoom)
    {
        lock (_gate)
        {
            item = _first;
            hasRoom = false;
            if (_count == 0)
            {
                return false;
            }

            _first = default;
            _bytes -= item.Length;
            if (--_count > 0)
            {
                _first = _rest!.Dequeue();
            }
            else
            {
                _rest = null;
            }

            if (_full && _count <= MostMessages / 2 && _bytes <= MostBytes / 2)
            {
                _full = false;
                hasRoom = true;
            }
        }

        Uncount(item);
        return true;
    }

    /// <summary>Nothing more comes; what is there can still be taken.</summary>
    public void End()
    {
        bool wake;
        lock (_gate)
        {
            _ended = true;
            wake = _waiting;
            _waiting = false;
        }

        if (wake)
        {
            _arrival.SetResult(true);
        }
    }

    /// <summary>Nobody takes messages any more.</summary>
    public void Discard()
    {
        End();
        while (TryTake(out var item, out _))
        {
            item.Release();
        }
    }

    /// <summary>Waits until there is something to take, or the end. One at a time.</summary>
    public ValueTask WaitAsync()
    {
        lock (_gate)
        {
            if (_count > 0 || _ended)
            {
                return ValueTask.CompletedTask;
            }

            _arrival.Reset();
            _waiting = true;
            return new ValueTask(this, _arrival.Version);
        }
    }

    /// <summary>Ends the waiting with an exception; messages are not touched.</summary>
    /// <param name="version">Which waiting: <see cref="Version"/> as it was when it began.</param>
    /// <param name="reason">What the one who waits gets.</param>
    public void Interrupt(short version, Exception reason)
    {
        lock (_gate)
        {
            if (!_waiting || _arrival.Version != version)
            {
                return;
            }

            _waiting = false;
        }

        _arrival.SetException(reason);
    }

    private void Uncount(InboxItem item)
    {
        if (item.IsCounted)
        {
            memory.Shrink(sender, item.Length);
        }
    }

    void IValueTaskSource.GetResult(short token) => _arrival.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _arrival.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _arrival.OnCompleted(continuation, state, token, flags);
}
