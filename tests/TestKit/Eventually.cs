namespace TestKit;

/// <summary>Waits for what must come true, and no longer than it takes.</summary>
public static class Eventually
{
    /// <summary>How long to wait where nothing else is said: far above what any machine needs, also one that starts a program while two suites run.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(45);

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? limit = null) =>
        TrueAsync(() => Task.FromResult(condition()), () => what, limit);

    public static Task EqualAsync<T>(T expected, Func<T> actual, string what, TimeSpan? limit = null) =>
        TrueAsync(
            () => Task.FromResult(EqualityComparer<T>.Default.Equals(expected, actual())),
            () => $"{what} is {actual()} instead of {expected}",
            limit);

    /// <summary>Waits until <paramref name="condition"/> holds.</summary>
    /// <exception cref="ExpectationException">It did not within the limit.</exception>
    public static async Task TrueAsync(Func<Task<bool>> condition, Func<string> what, TimeSpan? limit = null)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(what);
        var bound = limit ?? Limit;
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > bound)
            {
                throw new ExpectationException($"Not within {bound.TotalSeconds:0.#} s: {what()}");
            }

            await Task.Delay(Step);
        }
    }
}
