using System.Net.Sockets;
using TestKit;

namespace Tidings.Attacks;

/// <summary>The attacking side, in a process of its own: what it needs of the machine slows nobody who measures.</summary>
internal static class Strike
{
    /// <returns>How often it was done.</returns>
    public static async Task<long> RunAsync(Attack attack, Target target, TimeSpan duration)
    {
        using var stop = new CancellationTokenSource(duration);
        var count = 0L;
        await using var prepared = await attack.PrepareAsync(target);
        await Task.WhenAll(Enumerable.Range(0, attack.Workers).Select(worker => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    await attack.StrikeAsync(target, worker, stop.Token);
                    Interlocked.Increment(ref count);
                }
                catch (Exception error) when (error is ExpectationException or SocketException or IOException or OperationCanceledException)
                {
                    // Refused, cut off or too late: it tries again.
                }
            }
        })));
        return count;
    }
}
