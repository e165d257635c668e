namespace Tidings.Conformance.Tests.Infrastructure;

/// <summary>The most live memory of this process while something runs, over what it had before.</summary>
internal static class MemoryPeak
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(10);

    public static async Task<long> OfAsync(Func<Task> action)
    {
        var before = Live();
        var peak = before;
        using var done = new ManualResetEventSlim();
        var sampler = new Thread(() =>
        {
            do
            {
                peak = Math.Max(peak, Live());
            }
            while (!done.Wait(Between));
        })
        { IsBackground = true, Priority = ThreadPriority.AboveNormal };
        sampler.Start();
        try
        {
            await action();
        }
        finally
        {
            done.Set();
            sampler.Join();
        }

        return peak - before;
    }

    // After a collection: what is reachable, and what the pool of arrays keeps.
    private static long Live()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        return GC.GetTotalMemory(forceFullCollection: false);
    }
}
