using Xunit;

namespace Tidings.Specification;

/// <summary>Waits for what must come true, and no longer than it takes.</summary>
internal static class Eventually
{
    // Far above what any machine needs.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    public static Task TrueAsync(Func<bool> condition, Func<string> what, TimeSpan? limit = null) => TrueAsync(() => Task.FromResult(condition()), what, limit);

    public static async Task TrueAsync(Func<Task<bool>> condition, Func<string> what, TimeSpan? limit = null)
    {
        var bound = limit ?? Limit;
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > bound)
            {
                Assert.Fail($"Not within {bound.TotalSeconds:0.#} s: {what()}");
            }

            await Task.Delay(Step);
        }
    }
}
