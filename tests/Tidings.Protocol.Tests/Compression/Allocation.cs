namespace Tidings.Protocol.Tests.Compression;

/// <summary>How many bytes an action allocates on the managed heap.</summary>
internal static class Allocation
{
    /// <summary>The least of several runs: warm-up, and the few KB that a collection on another test's thread adds, fall away.</summary>
    public static long Of(Action action)
    {
        long least = long.MaxValue;
        for (int run = 0; run < 8; run++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
