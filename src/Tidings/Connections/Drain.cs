using Microsoft.Extensions.Logging;
using Tidings.Lanes;
using Tidings.Protocol;

namespace Tidings.Connections;

/// <summary>Sends everybody away, a few at a time, so that the nodes they come to next are not met by all at once. Safe from any thread.</summary>
/// <remarks>First nobody new is taken in, then those are told whose protocol has words for it, then connections are closed one by one,
/// in an order that nobody can foresee, evenly over the span.</remarks>
/// <param name="registry">The connections.</param>
/// <param name="lanes">Their lanes.</param>
/// <param name="time">The clock.</param>
/// <param name="span">From the first that is closed to the last.</param>
internal sealed partial class Drain(ConnectionRegistry registry, LaneSet lanes, TimeProvider time, TimeSpan span)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _begun;
    private long _began;

    /// <summary>How long it is until the last is closed; zero where it has not begun.</summary>
    public TimeSpan Remaining
    {
        get
        {
            var left = Volatile.Read(ref _begun) != 0 ? span - time.GetElapsedTime(_began) : TimeSpan.Zero;
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Begins, unless it has begun already.</summary>
    /// <returns>Ends when the last connection has gone.</returns>
    public Task RunOnce()
    {
        if (Interlocked.Exchange(ref _begun, 1) == 0)
        {
            _ = RunAsync();
        }

        return _done.Task;
    }

    private async Task RunAsync()
    {
        _began = time.GetTimestamp();
        registry.BeginDraining();
        if (registry.Count is var count and > 0)
        {
            LogBegun(registry.Log, count, span.TotalSeconds);
        }

        foreach (var lane in lanes.All)
        {
            lane.Post(new LaneDrain(lane, span));
        }

        try
        {
            await registry.Left.WaitAsync(span, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Those who were in their handshake when it began.
            await registry.CloseAllAsync(DisconnectCode.Draining, CancellationToken.None).ConfigureAwait(false);
        }

        _done.SetResult();
    }

    [LoggerMessage(303, LogLevel.Information, "Draining: no new connections are accepted, and {Count} are closed over {Seconds} s")]
    private static partial void LogBegun(ILogger log, int count, double seconds);
}
