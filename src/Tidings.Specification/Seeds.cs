using System.Globalization;
using System.Security.Cryptography;

namespace Tidings.Specification;

/// <summary>The seed of a test with random steps, which it names where it fails. <c>TIDINGS_SEED</c> picks one to run again.</summary>
internal static class Seeds
{
    public static int Next() =>
        int.TryParse(Environment.GetEnvironmentVariable("TIDINGS_SEED"), CultureInfo.InvariantCulture, out var one) ? one : RandomNumberGenerator.GetInt32(int.MaxValue);
}
