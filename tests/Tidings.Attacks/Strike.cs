using System.Net.Sockets;
using TestKit;

namespace Tidings.Attacks;

/// <summary>The attacking side, in a process of its own: what it needs of the machine slows nobody who measures.</summary>
internal static class Strike
{
    // On a machine that is busy with other things, one is done in the end.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <returns>How often it was done.</returns>
    public static async Task<long> RunAsync(Attack attack, Target target, TimeSpan duration)
    {
        await using var prepared = await attack.PrepareAsync(target);
        using var stop = new CancellationTokenSource();
        var (count, first) = (0L, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var striking = Task.WhenAll(Enumerable.Range(0, attack.Workers).Select(worker => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    await attack.StrikeAsync(target, worker, stop.Token);
                    Interlocked.Increment(ref count);
                    first.TrySetResult();
                }
                catch (Exception error) when (error is ExpectationException or SocketException or IOException or OperationCanceledException)
                {
                    // Refused, cut off or too late: it tries again.
                }
            }
        })));
        await Task.Delay(duration);
        await Task.WhenAny(first.Task, striking, Task.Delay(Patience));
        await stop.CancelAsync();
        await striking;
        return count;
    }
}
