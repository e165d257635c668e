using System.Globalization;

namespace Tidings.AspNetCore.Responses;

/// <summary>The header that says when to come back (RFC 9110 §10.2.3).</summary>
internal static class RetryAfter
{
    /// <summary>What is over in a few seconds, in all likelihood.</summary>
    public const string Soon = "5";

    private const int MillisecondsPerSecond = 1000;

    /// <summary>Whole seconds, rounded up: who waits so long does not come too early.</summary>
    public static string Seconds(int milliseconds) =>
        ((milliseconds / MillisecondsPerSecond) + (milliseconds % MillisecondsPerSecond > 0 ? 1 : 0)).ToString(CultureInfo.InvariantCulture);
}
