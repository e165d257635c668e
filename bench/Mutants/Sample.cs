using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tidings.Bench.Mutants;

/// <summary>Draws mutants by a seed: the same ones as long as their members are what they are, however the lines move.</summary>
internal static class Sample
{
    /// <summary>As many as wanted, from each area in proportion; from no area less than the least.</summary>
    public static IReadOnlyList<Mutant> Draw(IReadOnlyCollection<Mutant> mutants, int wanted, int least, int seed) =>
    [
        .. mutants.GroupBy(static mutant => mutant.Area)
            .SelectMany(area => Ordered(area, seed).Take(Math.Max(least, (int)Math.Round(wanted * (double)area.Count() / mutants.Count))))
            .OrderBy(static mutant => mutant.Id),
    ];

    /// <summary>All in the order in which the seed draws them.</summary>
    public static IEnumerable<Mutant> Ordered(IEnumerable<Mutant> mutants, int seed)
    {
        var prefix = seed.ToString(CultureInfo.InvariantCulture) + " ";
        return mutants.OrderBy(mutant => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(prefix + mutant.Key))), StringComparer.Ordinal);
    }
}
