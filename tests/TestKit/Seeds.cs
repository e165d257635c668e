using System.Globalization;

namespace TestKit;

/// <summary>Runs a property with many seeds and says with which one it failed. <c>TIDINGS_SEED</c> picks one to run again.</summary>
public static class Seeds
{
    public static void Each(int count, Action<Random> property)
    {
        ArgumentNullException.ThrowIfNull(property);
        foreach (var seed in Of(count))
        {
            try
            {
                property(new Random(seed));
            }
            catch (Exception error)
            {
                throw new ExpectationException($"With TIDINGS_SEED={seed}: {error.Message}", error);
            }
        }
    }

    /// <summary>A seed for a property that is run once, and names it where it fails.</summary>
    public static int Next() => Of(0).SingleOrDefault(System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue));

    private static IEnumerable<int> Of(int count) =>
        int.TryParse(Environment.GetEnvironmentVariable("TIDINGS_SEED"), CultureInfo.InvariantCulture, out var one)
            ? [one]
            : Enumerable.Range(1, count);
}
