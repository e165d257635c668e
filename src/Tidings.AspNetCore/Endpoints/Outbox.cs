using Tidings.Connections;

namespace Tidings.AspNetCore.Endpoints;

/// <summary>Frames between the threads that send and the lane that writes. Keeps their order, and counts what is not yet written.</summary>
/// <remarks>
/// A message in several frames must not be mixed with others (RFC 6455 §5.4): what others send meanwhile waits until its end.
/// Safe from any thread, but for what is said to belong to the lane.
/// </remarks>
internal sealed class Outbox(int bound)
{
    private readonly Lock _gate = new();
    private object? _frames;
    private List<byte[]>? _held;
    private TaskCompletionSource? _room;
    private TaskCompletionSource? _streamRoom;
    private long _heldBytes;
    private long _posted;
    private long _written;
    private long _entered;
    private bool _scheduled;
    private bool _ended;

    /// <summary>Bytes written so far: who waits can tell whether anything moves.</summary>
    public long Written => Volatile.Read(ref _written);

    /// <summary>Whether it is the peer that all wait for.</summary>
    public bool IsPeerBehind => Volatile.Read(ref _posted) > Written;

    /// <summary>Puts a frame in.</summary>
    /// <param name="frame">A whole frame.</param>
    /// <param name="ofStream">Whether it belongs to the message in several frames that is under way.</param>
    /// <param name="wake">Whether the lane must be told.</param>
    /// <param name="room">Where more waits than the bound: ends when there is room again, or the connection is gone.</param>
    /// <returns>False where the connection is gone.</returns>
    public bool TryAdd(byte[] frame, bool ofStream, out bool wake, out Task? room)
    {
        lock (_gate)
        {
            wake = false;
            room = null;
            if (_ended)
            {
                return false;
            }

            if (_held is not null && !ofStream)
            {
                _held.Add(frame);
                _heldBytes += frame.Length;
            }
            else
            {
                Append_NeedsLock(frame);
                wake = !_scheduled;
                _scheduled = true;
            }

            // A stream must not wait for those that wait for it.
            var waiting = _posted - _written + (ofStream ? 0 : _heldBytes);
            if (waiting > bound)
            {
                room = RoomFor_NeedsLock(ofStream).Task;
            }

            return true;
        }
    }

    /// <summary>From here on only frames of one message go out.</summary>
    public void BeginStream()
    {
        lock (_gate)
        {
            _held ??= [];
        }
    }

    /// <returns>Whether the lane must be told of what was held meanwhile.</returns>
    public bool EndStream()
    {
        lock (_gate)
        {
            var held = _held!;
            _held = null;
            _heldBytes = 0;
            foreach (var frame in held)
            {
                Append_NeedsLock(frame);
            }

            var wake = held.Count > 0 && !_scheduled;
            _scheduled |= wake;
            return wake;
        }
    }

    /// <summary>Queues on the connection all that was put in. For the lane alone.</summary>
    public void MoveTo(Connection connection)
    {
        object? frames;
        lock (_gate)
        {
            frames = _frames;
            _frames = null;
            _scheduled = false;
        }

        if (frames is byte[] single)
        {
            Enter(connection, single);
        }
        else if (frames is List<byte[]> list)
        {
            foreach (var frame in list)
            {
                Enter(connection, frame);
            }
        }
    }

    /// <summary>Something was written. For the lane alone.</summary>
    /// <param name="waiting">Bytes that the connection still has queued.</param>
    public void Flushed(int waiting)
    {
        TaskCompletionSource? room = null;
        TaskCompletionSource? streamRoom = null;
        lock (_gate)
        {
            // Pings and answers of the lane's own are in the queue too, and only make it look longer.
            _written = Math.Max(_written, _entered - waiting);
            if (_posted - _written <= bound / 2)
            {
                (streamRoom, _streamRoom) = (_streamRoom, null);
            }

            if (_posted - _written + _heldBytes <= bound / 2)
            {
                (room, _room) = (_room, null);
            }
        }

        streamRoom?.TrySetResult();
        room?.TrySetResult();
    }

    /// <summary>Nothing more goes out.</summary>
    public void End()
    {
        TaskCompletionSource? room;
        TaskCompletionSource? streamRoom;
        lock (_gate)
        {
            _ended = true;
            _frames = null;
            _held?.Clear();
            (room, _room) = (_room, null);
            (streamRoom, _streamRoom) = (_streamRoom, null);
        }

        streamRoom?.TrySetResult();
        room?.TrySetResult();
    }

    private void Enter(Connection connection, byte[] frame)
    {
        Volatile.Write(ref _entered, _entered + frame.Length);
        connection.Send(frame);
    }

    private ref TaskCompletionSource? SlotOf(bool ofStream) => ref ofStream ? ref _streamRoom : ref _room;

    private TaskCompletionSource RoomFor_NeedsLock(bool ofStream) =>
        SlotOf(ofStream) ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Append_NeedsLock(byte[] frame)
    {
        _posted += frame.Length;
        switch (_frames)
        {
            case null:
                _frames = frame;
                break;
            case byte[] single:
                _frames = new List<byte[]> { single, frame };
                break;
            default:
                ((List<byte[]>)_frames).Add(frame);
                break;
        }
    }
}
