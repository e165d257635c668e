using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Tidings.Protocol;

namespace Tidings.Taps;

/// <summary>What one who follows a connection is told next.</summary>
/// <param name="Frame">A frame; null where there is none.</param>
/// <param name="Skipped">How many frames before it were left out.</param>
internal readonly record struct Followed(TappedFrame? Frame, long Skipped);

/// <summary>Why following has ended.</summary>
/// <param name="Code">The code that the connection ended with; null where following ended before, as it may last no longer.</param>
internal sealed record FollowEnd(DisconnectCode? Code)
{
    public static readonly FollowEnd TimeOver = new((DisconnectCode?)null);
}

/// <summary>One who follows a connection: a bounded queue of frames between the connection's lane and who reads. What has no room in it is counted.</summary>
internal sealed class Follower
{
    /// <summary>How many frames wait at most.</summary>
    public const int Room = 256;

    // No more frames than the queue has room for are shown in so long: a flood costs as little as that.
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    private readonly Channel<Followed> _queue = Channel.CreateBounded<Followed>(new BoundedChannelOptions(Room) { SingleReader = true, SingleWriter = true });
    private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeProvider _time;
    private long _skipped;

    public Follower(TimeProvider time) => _time = time;

    /// <summary>Ends when it is told whatever the connection says or gets next.</summary>
    public Task Began => _began.Task;

    /// <summary>Why it has ended; null while it has not. Set before <see cref="ReadAsync"/> ends.</summary>
    public FollowEnd? End { get; private set; }

    /// <summary>From here on it is told. The connection's lane.</summary>
    public void Begin() => _began.TrySetResult();

    /// <summary>Whether a frame is taken; one that is not is counted. The connection's lane.</summary>
    public bool TryBegin()
    {
        if (_queue.Reader.Count < Room)
        {
            return true;
        }

        Interlocked.Increment(ref _skipped);
        return false;
    }

    /// <summary>Takes a frame, after <see cref="TryBegin"/>.</summary>
    public void Take(TappedFrame frame)
    {
        var skipped = Interlocked.Exchange(ref _skipped, 0);
        if (!_queue.Writer.TryWrite(new Followed(frame, skipped)))
        {
            Interlocked.Add(ref _skipped, skipped);
        }
    }

    /// <summary>Nothing more comes. Any thread; the first call counts.</summary>
    public void Complete(FollowEnd end)
    {
        lock (_queue)
        {
            End ??= end;
        }

        _queue.Writer.TryComplete();
        _began.TrySetResult();
    }

    /// <summary>What the connection says and gets, until it ends or the time is over.</summary>
    public async IAsyncEnumerable<Followed> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (window, shown) = (_time.GetTimestamp(), 0);
        while (await _queue.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (shown < Room && _queue.Reader.TryRead(out var next))
            {
                yield return next;
                shown++;
            }

            if (Interlocked.Exchange(ref _skipped, 0) is var skipped and > 0)
            {
                yield return new Followed(null, skipped);
            }

            var spent = _time.GetElapsedTime(window);
            if (spent < Pace && shown >= Room)
            {
                await Task.Delay(Pace - spent, _time, cancellationToken).ConfigureAwait(false);
            }

            if (spent >= Pace || shown >= Room)
            {
                (window, shown) = (_time.GetTimestamp(), 0);
            }
        }

        if (Interlocked.Exchange(ref _skipped, 0) is var last and > 0)
        {
            yield return new Followed(null, last);
        }
    }
}
