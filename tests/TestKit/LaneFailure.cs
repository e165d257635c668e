namespace TestKit;

/// <summary>What a server of its own process says when work failed on one of its lanes.</summary>
public static class LaneFailure
{
    private const string Words = "failed on its lane";

    public static bool IsIn(string? output) => output?.Contains(Words, StringComparison.Ordinal) == true;

    /// <exception cref="ExpectationException">Work failed on a lane.</exception>
    public static void ThrowIfIn(string output)
    {
        if (IsIn(output))
        {
            throw new ExpectationException($"Work failed on a lane of the server:\n{output}");
        }
    }
}
