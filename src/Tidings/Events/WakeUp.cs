namespace Tidings.Events;

/// <summary>Wakes one who waits; what was set while nobody waited is not lost. Setting is safe from any thread, and only one waits at a time.</summary>
internal sealed class WakeUp
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _waiting;
    private bool _set;

    public void Set()
    {
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            _set = true;
            (waiting, _waiting) = (_waiting, null);
        }

        waiting?.TrySetResult();
    }

    /// <summary>Completes when it is set, or after <paramref name="longest"/>.</summary>
    public async Task WaitAsync(TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        Task waiting;
        lock (_gate)
        {
            waiting = _set ? Task.CompletedTask : (_waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        try
        {
            await waiting.WaitAsync(longest, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
        }

        // Before it is looked what there is to do: what is set from here on wakes once more.
        lock (_gate)
        {
            _set = false;
        }
    }
}
